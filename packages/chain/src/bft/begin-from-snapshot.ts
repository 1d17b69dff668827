import type { DiskBlockStore, Transport } from '@quoin/consensus'
import { CodedError, type Hex } from '@quoin/kernel'
import type { Network } from '@quoin/network'
import type { ExecutionWorker, OwnerMethods } from '@quoin/rpc'
import {
  type AnswerTimes,
  type LightProtocol,
  openLightProtocol,
  openStateProtocol,
  type SnapshotProgress,
  type StateProtocol,
  syncFromSnapshot,
} from '@quoin/sync'
import type { ChainErrorCode } from '../errors.ts'
import { genesisIdOf } from '../genesis-id.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { Connected } from '../open-shared.ts'
import { trustingPeriodMsOf } from '../trusting-period.ts'
import type { SetStore } from './validators/set-store.ts'

export interface SyncSettings {
  /** All that is trusted; the genesis when left out. */
  checkpoint?: { height: number; id: Hex }
  /** How long signatures of validators are believed; `trustingPeriodMsOf` the genesis unless said. */
  trustingPeriodMs?: number
  /** How long peers may take. */
  times?: AnswerTimes
  onProgress?: (progress: SnapshotProgress) => void
}

interface SnapshotProtocols {
  light: LightProtocol
  state: StateProtocol
}

export function openSnapshotProtocols(network: Network, times?: AnswerTimes): SnapshotProtocols {
  return { light: openLightProtocol(network, times), state: openStateProtocol(network, times) }
}

/** Gives others what a snapshot needs; returns the way to stop. */
export function serveSnapshots(
  { light, state }: SnapshotProtocols,
  { execution, methods }: { execution: ExecutionWorker; methods: OwnerMethods },
): () => void {
  const all = {
    ...methods,
    debug_getRawHeader: (params: readonly unknown[]) => rawHeader(execution, params),
  }
  const stops = [light.serve(all), state.serve((hashes) => execution.stateParts(hashes))]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Light clients read the time of the genesis from its header. */
async function rawHeader(execution: ExecutionWorker, params: readonly unknown[]): Promise<unknown> {
  const call = { jsonrpc: '2.0', id: 1, method: 'debug_getRawHeader', params }
  const answer: unknown = JSON.parse((await execution.answer(JSON.stringify(call))) ?? '{}')
  return typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : null
}

/** New nodes begin at an epoch's end, or every so many blocks where validators, hence epochs, are fixed. */
export function snapshotPeriod({ epochBlocks, policy }: BftGenesis): number {
  return policy === 'fixed' ? 256 : epochBlocks
}

/**
 * A kill between execution's head and the first block leaves a folder that only another sync completes.
 * @throws CodedError `SNAPSHOT_INTERRUPTED`
 */
export async function refuseInterrupted(
  blocks: Pick<DiskBlockStore, 'height'>,
  execution: Pick<ExecutionWorker, 'head'>,
  dataDir: string,
): Promise<void> {
  if (blocks.height > 0) return
  const head = await execution.head()
  const number = BigInt(head.number)
  if (number === 0n) return
  throw new CodedError<ChainErrorCode>(
    'SNAPSHOT_INTERRUPTED',
    `The sync of ${dataDir} was stopped before its end, at the snapshot of block ${number}. Start again with sync on to complete it, or remove the folder's chain data`,
  )
}

interface BeginOptions extends Connected {
  network: Network
  snapshots: SnapshotProtocols
  transport: Transport
  settings: BftGenesis
  blocks: DiskBlockStore
  setStore: SetStore | null
}

/**
 * Fills the folders of a new node, execution's first: until the block store has its first block, which is
 * the last thing written, the next start begins again and finds what is there.
 */
export async function beginFromSnapshot(begin: BeginOptions): Promise<void> {
  const { options, genesis, executionGenesis, paths, network, snapshots, settings, blocks } = begin
  const { sync = {}, logger, signal = new AbortController().signal } = options
  const { checkpoint, times, onProgress } = sync
  const { trustingPeriodMs = trustingPeriodMsOf(genesis) } = sync
  const log = logger.child({ module: 'sync' })
  const height = await syncFromSnapshot({
    network,
    ...snapshots,
    requestBlocks: (...request) => begin.transport.requestBlocks(...request),
    root: checkpoint ?? { genesisId: genesisIdOf(genesis, executionGenesis) },
    chainId: BigInt(genesis.config.chainId),
    epochBlocks: snapshotPeriod(settings),
    genesis,
    executionDir: paths.execution,
    async adopt({ decided, sets }) {
      for (const { epoch, set } of sets) if (epoch >= 2) await begin.setStore?.put(epoch, set)
      await blocks.begin(decided)
    },
    signal,
    logger: log,
    trustingPeriodMs,
    ...(times ? { times } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  if (height === null) log.info({}, 'the chain is short: begins at its genesis')
  else log.info({ height }, 'begins at a snapshot')
}
