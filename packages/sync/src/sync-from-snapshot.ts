import { setTimeout as delay } from 'node:timers/promises'
import type { DecidedBlock, Transport } from '@quoin/consensus'
import { type GethGenesis, importSnapshot, type StateProgress } from '@quoin/execution'
import type { ValidatorSet } from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import type { LightClient, TrustRoot } from '@quoin/light'
import type { Network } from '@quoin/network'
import type { AnswerTimes } from './answer-times.ts'
import { syncError } from './errors.ts'
import { fetchWindow } from './fetch-window.ts'
import type { LightProtocol } from './light-protocol.ts'
import { proveHead } from './prove-head.ts'
import type { StateProtocol } from './state-protocol.ts'

export interface SnapshotSyncOptions {
  network: Network
  light: LightProtocol
  state: StateProtocol
  requestBlocks: Transport['requestBlocks']
  times?: AnswerTimes
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
    try {
      const client = await proveHead(options)
      // The set of the block after it must be proven too.
      const height = Math.floor((client.newest.height - 1) / epochBlocks) * epochBlocks
      if (height < epochBlocks) return null
      await bring(options, client, height)
      return height
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error) || attempt === maxAttempts) throw error
      logger.warn({ attempt, err: error }, 'a snapshot could not be had: tries again')
      await delay(attempt * pauseMs, undefined, { signal })
    }
  }
}

const maxAttempts = 5
const pauseMs = 500

/** What other peers, or a newer snapshot, may heal. */
function isPassing(error: unknown): boolean {
  return error instanceof CodedError && passing.has(error.code)
}

const passing = new Set<string>([
  'STATE_UNAVAILABLE',
  'SNAPSHOT_UNAVAILABLE',
  // Peers are behind an earlier attempt's snapshot.
  'SNAPSHOT_NOT_NEEDED',
  'NOT_AVAILABLE',
  'SERVER_FAILED',
  'SERVER_LIED',
  'HEADER_UNPROVEN',
  'STATE_INVALID',
])

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
