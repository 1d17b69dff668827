import type { Network, PeerId } from '@quoin/network'
import { syncError } from './errors.ts'

const patienceMs = 30_000
/** Whom one peer cannot mislead alone, and how long more than one are waited for. */
const several = 4
const momentMs = 1_000

/** Those who are connected, or the first to come. @throws CodedError `NO_PEERS` after half a minute */
export async function somePeers(
  network: Pick<Network, 'peers' | 'onPeer'>,
  signal: AbortSignal,
): Promise<PeerId[]> {
  await morePeers(network, 1, { withinMs: patienceMs, signal })
  const connected = network.peers().map(({ id }) => id)
  if (connected.length > 0) return connected
  throw syncError(
    'NO_PEERS',
    'No peer could be reached to sync from: check the bootstrap addresses',
  )
}

/** As `somePeers`, but when they are few others get a moment to come. */
export async function severalPeers(
  network: Pick<Network, 'peers' | 'onPeer'>,
  signal: AbortSignal,
): Promise<PeerId[]> {
  await somePeers(network, signal)
  await morePeers(network, several, { withinMs: momentMs, signal })
  return somePeers(network, signal)
}

async function morePeers(
  network: Pick<Network, 'peers' | 'onPeer'>,
  count: number,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  const isEnough = () => network.peers().length >= count
  if (isEnough()) return
  const either = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  await new Promise<void>((resolve) => {
    const stop = network.onPeer(() => isEnough() && finish())
    const finish = () => {
      stop()
      either.removeEventListener('abort', finish)
      resolve()
    }
    either.addEventListener('abort', finish)
  })
  signal.throwIfAborted()
}
