/**
 * The contracts as TypeScript sees them: ABIs (`as const`, for viem), their addresses, and what a
 * genesis holds of them. The Solidity is in `solidity/`, its tests in `test/`; `npm run build`
 * regenerates `src/generated` from them. Runs in browsers too.
 */
export { type ContractName, type Hex, predeployAddresses } from './addresses.ts'
export { creditAbi } from './generated/abi/credit.ts'
export { eip3009CollectorAbi } from './generated/abi/eip3009-collector.ts'
export { licencesAbi } from './generated/abi/licences.ts'
export { lineageAbi } from './generated/abi/lineage.ts'
export { multicall3Abi } from './generated/abi/multicall3.ts'
export { receiptsAbi } from './generated/abi/receipts.ts'
export { registryAbi } from './generated/abi/registry.ts'
export { sessionKeysAbi } from './generated/abi/session-keys.ts'
export { settlementAbi } from './generated/abi/settlement.ts'
export { splitterAbi } from './generated/abi/splitter.ts'
export { stakingAbi } from './generated/abi/staking.ts'
export { stakingProofsAbi } from './generated/abi/staking-proofs.ts'
export { type GenesisAccount, type GenesisOptions, genesisAlloc } from './genesis-alloc.ts'
export { type Registration, registrationDigest } from './registration.ts'
export {
  deriveShares,
  entitledAtomic,
  lineageShares,
  payeeWord,
  type RoyaltyParent,
  type ShareTable,
} from './royalties.ts'
export {
  type GenesisValidator,
  type StakingGenesis,
  stakingGenesis,
  vaultOf,
} from './staking-genesis.ts'
export {
  checkStakingRules,
  readStakingGenesis,
  type StakingBeginning,
  type StakingParameters,
  type StakingPolicy,
  type StakingRules,
  stakingDefaults,
} from './staking-parameters.ts'
