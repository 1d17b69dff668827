/**
 * An Ethereum execution client without servers: blocks, state, transaction pool and EVM over one
 * database, driven through the Engine API. Hard forks from Frontier to Osaka come from a geth
 * genesis. Everything that is acknowledged is on disk: a kill at any moment loses no head and no
 * pooled transaction.
 */
export { genesisHashOf } from './chain/genesis.ts'
export type { GethGenesis } from './chain/genesis-schema.ts'
export type {
  AccountProof,
  Block,
  BlockFees,
  BlockReader,
  CallFrame,
  CallOptions,
  CallRequest,
  CallResult,
  Execution,
  HeadEvent,
  Header,
  Log,
  PoolErrorCode,
  Receipt,
  ReplayBlockOptions,
  StateOverride,
  StateReader,
  Tracer,
  Transaction,
  TransactionPool,
} from './interface.ts'
export { type ExecutionOptions, openExecution } from './open-execution.ts'
export { defaultPoolLimits, type PoolLimits } from './pool/pool.ts'
export type { PruneOptions, PruneResult } from './prune/prune-chain.ts'
export type {
  SimulatedBlock,
  SimulatedBlockOverrides,
  SimulatedBlockRequest,
  SimulatedCall,
  SimulatedCallRequest,
  SimulatedStateOverride,
  Simulation,
  SimulationErrorCode,
} from './simulate/simulation.ts'
export { type FetchParts, partsPerRequest, type StateProgress } from './snapshot/fetch-state.ts'
export {
  importSnapshot,
  type SnapshotBlock,
  type SnapshotOptions,
} from './snapshot/import-snapshot.ts'
