import { predeploys } from './generated/predeploys.ts'

export type Hex = `0x${string}`

/** The contracts that every Quoin chain has from genesis on. */
export type ContractName = keyof typeof predeploys

/** Lower-case addresses of the predeploys: ours, and x402's and Multicall3's canonical ones. */
export const predeployAddresses: Readonly<Record<ContractName, Hex>> = {
  credit: predeploys.credit.address,
  registry: predeploys.registry.address,
  receipts: predeploys.receipts.address,
  splitter: predeploys.splitter.address,
  sessionKeys: predeploys.sessionKeys.address,
  settlement: predeploys.settlement.address,
  eip3009Collector: predeploys.eip3009Collector.address,
  multicall3: predeploys.multicall3.address,
  staking: predeploys.staking.address,
  stakingProofs: predeploys.stakingProofs.address,
  licences: predeploys.licences.address,
  lineage: predeploys.lineage.address,
}
