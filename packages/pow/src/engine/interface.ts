import type { CodedError, Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import type { MinerStatus } from '../miner/miner.ts'

/** Proof of work over an execution layer: follows the heaviest chain, and mines when told to. */
export interface PowEngine extends AsyncDisposable {
  /**
   * Brings execution to the head that was chosen before, then follows, serves and mines.
   * @throws CodedError `EXECUTION_MISMATCH` when the two do not belong together.
   */
  start(): Promise<void>
  readonly status: PowStatus
  /** After a head is durable in the store and is execution's head. */
  onHead(listener: (change: HeadChange) => void): () => void
  /** When the engine has stopped by itself: it follows nothing more, and has lost nothing. */
  onFailure(listener: (failure: CodedError) => void): () => void
  /** A block of the canonical chain; null beyond its head, and for the genesis. */
  blockAt(height: number): PowBlock | null
  blockById(id: Hex): PowBlock | null
}

export interface BlockPlace {
  height: number
  id: Hex
  payloadHash: Hex
}

export interface HeadChange {
  head: BlockPlace
  /** Blocks that left the canonical chain, highest first. */
  removed: BlockPlace[]
  /** Blocks that joined it, lowest first. */
  added: BlockPlace[]
}

export interface PowStatus {
  height: number
  headId: Hex
  headTimeMs: number
  safeHeight: number
  finalizedHeight: number
  /** Expected hashes behind the head, all blocks together. */
  totalWork: bigint
  /** Expected hashes for the next block. */
  difficulty: bigint
  peers: number
  isSyncing: boolean
  /** Blocks of peers whose parent, or whose time, has not come. */
  waitingBlocks: number
  /** Null when this node does not mine. */
  mining: (MinerStatus & { miner: Hex; minedBlocks: number }) | null
  /** The deepest of the reorganizations since the start, in blocks removed. */
  deepestReorganization: number
  /** A heavier chain that was refused because it leaves ours below the finalized height. */
  refusedFork: RefusedFork | null
  failure: CodedError | null
}

export interface RefusedFork {
  id: Hex
  height: number
  /** Height of the last common block; null when it is below all that was looked at. */
  forkHeight: number | null
  totalWork: bigint | null
}
