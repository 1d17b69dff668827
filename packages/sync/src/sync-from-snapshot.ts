import type { DecidedBlock, Transport } from '@quoin/consensus'
import { type GethGenesis, importSnapshot, type StateProgress } from '@quoin/execution'
import type { ValidatorSet } from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import { createLightClient, type LightClient, type TrustRoot } from '@quoin/light'
import type { Network } from '@quoin/network'
import { syncError } from './errors.ts'
import { fetchWindow } from './fetch-window.ts'
import type { LightProtocol } from './light-protocol.ts'
import type { StateProtocol } from './state-protocol.ts'

export interface SnapshotSyncOptions {
  network: Network
  light: LightProtocol
  state: StateProtocol
  requestBlocks: Transport['requestBlocks']
  /** The genesis, or a checkpoint of somebody who is believed: all that is trusted. */
  root: TrustRoot
  /** See `LightClientOptions`. */
  trustingPeriodMs?: number
  chainId: bigint
  epochBlocks: number
  genesis: GethGenesis
  /** The execution client's folder; nobody has it open. */
  executionDir: string
  /** Makes the block and the sets durable, at last: a stop before leaves the node where it began. */
  adopt(snapshot: Snapshot): Promise<void>
  signal: AbortSignal
  onProgress?: (progress: SnapshotProgress) => void
  logger: Logger
}

export interface Snapshot {
  /** The last block of an epoch: execution has its state. */
  decided: DecidedBlock
  /** Who decided its epoch and who will decide the next one. */
  sets: { epoch: number; set: ValidatorSet }[]
}

export type SnapshotProgress =
  | { stage: 'headers' }
  | { stage: 'blocks'; height: number }
  | { stage: 'state'; height: number; parts: number; waiting: number }

/**
 * Begins a node at the end of an epoch of now instead of at the genesis. A light client proves that block
 * from the trusted root; blocks are bound to it by their parents' ids, the state by its root. Nothing that
 * a peer says is believed. Gives the height, or null when the chain is too short to gain by it.
 * @throws CodedError `NO_PEERS`, `SNAPSHOT_UNAVAILABLE`, those of the light client (`TRUST_EXPIRED`, …)
 */
export async function syncFromSnapshot(options: SnapshotSyncOptions): Promise<number | null> {
  const { signal, logger, epochBlocks, onProgress } = options
  for (let attempt = 1; ; attempt++) {
    onProgress?.({ stage: 'headers' })
    const client = await openClient(options)
    const { height: newest } = await client.update({ signal })
    // The set of the block after it must be proven too.
    const height = Math.floor((newest - 1) / epochBlocks) * epochBlocks
    if (height < epochBlocks) return null
    try {
      await bring(options, client, height)
      return height
    } catch (error) {
      signal.throwIfAborted()
      const isGone = error instanceof CodedError && error.code === 'STATE_UNAVAILABLE'
      if (!isGone || attempt === maxAttempts) throw error
      logger.warn(
        { height, err: error },
        'peers have moved on from the snapshot: takes a newer one',
      )
    }
  }
}

const maxAttempts = 5

async function openClient(options: SnapshotSyncOptions): Promise<LightClient> {
  const { network, light, root, chainId, trustingPeriodMs, signal } = options
  const peers = await somePeers(network, signal)
  return createLightClient({
    providers: peers.map((peer) => light.providerOf(peer)),
    root,
    chainId,
    signal,
    maxHeadAgeMs: Number.POSITIVE_INFINITY,
    ...(trustingPeriodMs === undefined ? {} : { trustingPeriodMs }),
  })
}

const peersWaitMs = 30_000
const mostProviders = 4

/** Those who are connected, or the first to come. */
async function somePeers(network: Network, signal: AbortSignal): Promise<string[]> {
  const connected = () =>
    network
      .peers()
      .map(({ id }) => id)
      .slice(0, mostProviders)
  if (connected().length > 0) return connected()
  const either = AbortSignal.any([signal, AbortSignal.timeout(peersWaitMs)])
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

async function bring(
  options: SnapshotSyncOptions,
  client: LightClient,
  height: number,
): Promise<void> {
  const { genesis, executionDir, state, signal, onProgress, logger } = options
  const target = await client.at(height, { signal })
  onProgress?.({ stage: 'blocks', height })
  const blocks = await fetchWindow({ ...options, target })
  const brought = blocks.at(-1)
  const proof = target.block?.certificate
  if (!brought || !proof) throw syncError('SNAPSHOT_UNAVAILABLE', `No peer has block ${height}`)
  const { validators: next } = await client.at(height + 1, { signal })
  await importSnapshot({
    dataDir: executionDir,
    genesis,
    blocks: blocks.map(({ block }) => ({
      payload: block.payload,
      parentBeaconBlockRoot: block.header.parentId,
      executionRequests: block.executionRequests,
    })),
    fetch: state.createFetch(logger),
    signal,
    onProgress: (progress: StateProgress) => onProgress?.({ stage: 'state', height, ...progress }),
  })
  const epoch = height / options.epochBlocks
  const sets = [
    { epoch: epoch - 1, set: target.validators },
    { epoch, set: next },
  ]
  await options.adopt({ decided: { ...brought, certificate: proof }, sets })
}
