/**
 * One node of a chain, composed: genesis, data folder, execution with its JSON-RPC in a worker
 * thread, consensus, network. Of contracts it knows the Staking contract; all others come in through the
 * genesis `alloc`.
 */
export { openChain } from './chain.ts'
export { genesisValidators, stakingAddress } from './check-genesis.ts'
export type { ChainErrorCode } from './errors.ts'
export {
  type BftGenesisOptions,
  createGenesis,
  type GenesisAlloc,
  type GenesisOptions,
  type PowGenesisOptions,
  parseGenesis,
  validatorOf,
} from './genesis.ts'
export { genesisIdOf, networkIdOf } from './genesis-id.ts'
export type { BftGenesis, Genesis, Policy, PowGenesis } from './genesis-schema.ts'
export type { BftChain, Chain, ChainOptions, ChainStatus, PowChain } from './interface.ts'
export type { NetworkSettings } from './network/open-chain-network.ts'
export type { GossipCounts } from './network/transaction-gossip.ts'
export { trustingPeriodMsOf } from './trusting-period.ts'
