import { CodedError, type Logger } from '@quoin/kernel'
import { createLightClient, type LightClient, type TrustRoot } from '@quoin/light'
import type { Network, PeerId } from '@quoin/network'
import { syncError } from './errors.ts'
import type { LightProtocol } from './light-protocol.ts'
import { somePeers } from './some-peers.ts'

export interface ProveHeadOptions {
  network: Pick<Network, 'peers' | 'onPeer' | 'report'>
  light: Pick<LightProtocol, 'providerOf'>
  root: TrustRoot
  trustingPeriodMs?: number
  chainId: bigint
  signal: AbortSignal
  logger: Logger
}

const mostPeers = 8

/**
 * A light client at the highest block that any of some peers can prove, with the others that proved theirs
 * as its witnesses. Who lies, stalls or hides blocks is passed over; each peer is asked on its own.
 * @throws CodedError what stands in the way of all: `TRUST_EXPIRED`, `SERVER_LIED`, …; or `CHAIN_FORKED`
 */
export async function proveHead(options: ProveHeadOptions): Promise<LightClient> {
  const { network, signal, logger } = options
  const peers = shuffled(await somePeers(network, signal)).slice(0, mostPeers)
  const failures: unknown[] = []
  const proven: { peer: PeerId; height: number }[] = []
  await Promise.all(
    peers.map(async (peer) => {
      try {
        const client = await openClient(options, [peer])
        proven.push({ peer, height: (await client.update({ signal })).height })
      } catch (error) {
        signal.throwIfAborted()
        logger.debug({ peer, err: error }, 'a peer proves no block')
        network.report(peer, 'useless')
        failures.push(error)
      }
    }),
  )
  if (proven.length === 0) throw worst(failures)
  const ordered = proven.toSorted((a, b) => b.height - a.height).map(({ peer }) => peer)
  const client = await openClient(options, ordered)
  await client.update({ signal })
  return client
}

function openClient(options: ProveHeadOptions, peers: readonly PeerId[]): Promise<LightClient> {
  const { light, root, chainId, trustingPeriodMs, signal } = options
  return createLightClient({
    providers: peers.map((peer) => light.providerOf(peer)),
    root,
    chainId,
    signal,
    maxHeadAgeMs: Number.POSITIVE_INFINITY,
    ...(trustingPeriodMs === undefined ? {} : { trustingPeriodMs }),
  })
}

/** The one that its reader can do most about. */
function worst(failures: readonly unknown[]): unknown {
  const order = ['CHAIN_FORKED', 'TRUST_EXPIRED', 'STATE_INVALID', 'SERVER_LIED', 'HEADER_UNPROVEN']
  for (const code of order) {
    const found = failures.find((each) => each instanceof CodedError && each.code === code)
    if (found) return found
  }
  const [first] = failures
  const why = first instanceof Error ? first.message : String(first)
  return syncError(
    'SNAPSHOT_UNAVAILABLE',
    `No peer proves a block from what is trusted: ${why}. Pruned peers may lack the blocks in between: give a newer checkpoint`,
    first,
  )
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
