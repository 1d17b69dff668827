import { predeployAddresses } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'

/** Where the contracts are that the cloud uses. On a Quoin chain: the predeploys. */
export interface LedgerAddresses {
  credit: Hex
  registry: Hex
  receipts: Hex
  splitter: Hex
  sessionKeys: Hex
  settlement: Hex
  eip3009Collector: Hex
  multicall3: Hex
  licences: Hex
  lineage: Hex
}

/** The addresses on every Quoin chain, lower-case. */
export const quoinAddresses: Readonly<LedgerAddresses> = predeployAddresses
