import type { Network, PeerId } from '@quoin/network'
import { syncError } from './errors.ts'

const patienceMs = 30_000

/** Those who are connected, or the first to come. @throws CodedError `NO_PEERS` after half a minute */
export async function somePeers(
  network: Pick<Network, 'peers' | 'onPeer'>,
  signal: AbortSignal,
): Promise<PeerId[]> {
  signal.throwIfAborted()
  const connected = () => network.peers().map(({ id }) => id)
  if (connected().length > 0) return connected()
  const either = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  await new Promise<void>((resolve) => {
    const stop = network.onPeer((_, isConnected) => isConnected && finish())
    const finish = () => {
      stop()
      either.removeEventListener('abort', finish)
      resolve()
    }
    either.addEventListener('abort', finish)
  })
  signal.throwIfAborted()
  if (connected().length > 0) return connected()
  throw syncError(
    'NO_PEERS',
    'No peer could be reached to sync from: check the bootstrap addresses',
  )
}
