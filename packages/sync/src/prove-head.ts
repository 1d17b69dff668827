import { CodedError, type Logger } from '@quoin/kernel'
import { createLightClient, type LightClient, type TrustRoot } from '@quoin/light'
import type { Network, Offence, PeerId } from '@quoin/network'
import { syncError } from './errors.ts'
import type { LightProtocol } from './light-protocol.ts'
import { severalPeers } from './some-peers.ts'

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
/** How much longer than the first one the others may take. */
const graceMs = 5_000

/**
 * A light client at the highest block that any of some peers can prove, with the others that proved theirs
 * as its witnesses. Who lies, stalls or hides blocks is passed over; each peer is asked on its own.
 * @throws CodedError what stands in the way of all: `TRUST_EXPIRED`, `SERVER_LIED`, …; or `CHAIN_FORKED`
 */
export async function proveHead(options: ProveHeadOptions): Promise<LightClient> {
  const { network, signal } = options
  const peers = shuffled(await severalPeers(network, signal)).slice(0, mostPeers)
  const ordered = await heads(options, peers)
  const client = await openClient(options, ordered)
  await client.update({ signal })
  for (const { name, verdict } of client.witnesses) {
    const peer = ordered.find((each) => options.light.providerOf(each).name === name)
    if (peer && verdict === 'lied') network.report(peer, 'invalid')
  }
  return client
}

/** Those that prove a block, the highest first. */
async function heads(options: ProveHeadOptions, peers: readonly PeerId[]): Promise<PeerId[]> {
  const { signal } = options
  const failures: unknown[] = []
  const proven: { peer: PeerId; height: number }[] = []
  const enough = new AbortController()
  const from = performance.now()
  let grace: NodeJS.Timeout | undefined
  await Promise.all(
    peers.map(async (peer) => {
      const outcome = await headOf(peer, {
        ...options,
        signal: AbortSignal.any([signal, enough.signal]),
      })
      if ('failure' in outcome) return failures.push(outcome.failure)
      proven.push({ peer, ...outcome })
      const waitMs = Math.max(graceMs, performance.now() - from)
      grace ??= setTimeout(() => enough.abort(), waitMs)
    }),
  )
  clearTimeout(grace)
  signal.throwIfAborted()
  if (proven.length === 0) throw worst(failures)
  return proven.toSorted((a, b) => b.height - a.height).map(({ peer }) => peer)
}

/** Whoever proves nothing is reported: a forged block is a lie, another genesis or checkpoint may be our error. */
async function headOf(
  peer: PeerId,
  options: ProveHeadOptions,
): Promise<{ height: number } | { failure: unknown }> {
  const { network, signal, logger } = options
  let offence: Offence = 'useless'
  try {
    const client = await openClient(options, [peer])
    offence = 'invalid'
    return { height: (await client.update({ signal })).height }
  } catch (failure) {
    logger.debug({ peer, err: failure }, 'a peer proves no block')
    network.report(peer, isLie(failure) ? offence : 'useless')
    return { failure }
  }
}

function isLie(failure: unknown): boolean {
  return failure instanceof CodedError && ['SERVER_LIED', 'HEADER_UNPROVEN'].includes(failure.code)
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
