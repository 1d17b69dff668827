/**
 * The consensus layer: Tendermint in its accountable variant as a pure core (`core/`), consensus
 * blocks with certificates that contracts can check, and the engine that drives an execution layer
 * from height to height with a write-ahead log, a sign guard and a store of decided blocks.
 * One validator is the smallest network: it runs the same engine over a loopback transport.
 */
export { type ConsensusBlock, decodeBlock, encodeBlock, isWhole } from './block.ts'
export {
  type DecidedBlock,
  decodeDecidedBlock,
  encodeDecidedBlock,
} from './codec/decided.ts'
export { maxBlockBytes, maxMessageBytes, maxSmallMessageBytes } from './codec/limits.ts'
export { decodeMessage, encodeMessage, type Message } from './codec/messages.ts'
export type { Status } from './codec/status.ts'
export type { Evidence, Proposal, Vote } from './core/messages.ts'
export { defaultTimerDurations, type TimerDurations } from './core/timers.ts'
export { createBftEngine } from './engine/bft-engine.ts'
export type { BftOptions } from './engine/bft-options.ts'
export type { ChainRules } from './engine/chain-rules.ts'
export { type Clock, systemClock } from './engine/clock.ts'
export type {
  ConsensusEngine,
  ConsensusErrorCode,
  ConsensusStatus,
} from './engine/interface.ts'
export type { Pace } from './engine/pacemaker.ts'
export { createLocalSigner, type Signer } from './engine/signer.ts'
export {
  type BlockRange,
  createLoopbackTransport,
  maxBlocksPerRequest,
  type PeerId,
  type Transport,
} from './engine/transport.ts'
export { type BlockStore, type DiskBlockStore, openBlockStore } from './storage/block-store.ts'
export { openRecordFile, type RecordLog } from './storage/record-file.ts'
export { openSignGuard, type SignGuard } from './storage/sign-guard.ts'
