/**
 * One node of a chain, composed: genesis, data folder, execution with its JSON-RPC in a worker
 * thread, consensus. Knows nothing of the cloud: contracts come in through the genesis `alloc`.
 */
export { type Chain, type ChainOptions, openChain } from './chain.ts'
export type { ChainErrorCode } from './errors.ts'
export {
  createGenesis,
  type Genesis,
  type GenesisAlloc,
  type GenesisOptions,
  parseGenesis,
  validatorOf,
} from './genesis.ts'
