/**
 * Proof of work over the same execution layer as the BFT engine: keccak256 below a target, ASERT
 * difficulty, the heaviest chain with reorganizations, finality by depth, a miner in worker threads.
 */
export {
  decodePowBlock,
  encodePowBlock,
  type PowBlock,
  type PowBody,
} from './block.ts'
export { type Clock, systemClock } from './clock.ts'
export type {
  BlockPlace,
  HeadChange,
  PowEngine,
  PowStatus,
  RefusedFork,
} from './engine/interface.ts'
export { createPowEngine, type PowOptions } from './engine/pow-engine.ts'
export type { PowErrorCode } from './errors.ts'
export { hasWork, type PowHeader, type SealedHeader } from './header.ts'
export type { Miner, MinerStatus } from './miner/miner.ts'
export { createThreadMiner, type ThreadMinerOptions } from './miner/thread-miner.ts'
export { createPowRules, type PowRules, type PowSettings, rewardAt } from './rules.ts'
export {
  createLoopbackPowTransport,
  type PeerId,
  type PowTransport,
  powLimits,
  type Verdict,
} from './transport.ts'
export { BlockTree } from './tree/block-tree.ts'
export { openLevelKeyValue } from './tree/level-key-value.ts'
