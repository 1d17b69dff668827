import type { Hex } from '@quoin/kernel'
import type { Log, PublicClient } from 'viem'
import type { LedgerAddresses } from './addresses.ts'
import type { CallOrder, SendOptions } from './sender/interface.ts'

/** A transaction that is in a block and succeeded. */
export interface Mined {
  transactionHash: Hex
  blockNumber: bigint
  gasUsed: bigint
  /** Wei paid in all. */
  feeWei: bigint
  logs: readonly Log[]
}

/** What every group of contract functions works with. */
export interface LedgerContext {
  readonly client: PublicClient
  readonly chainId: number
  readonly addresses: LedgerAddresses
  /** The account that writes; null where the ledger only reads. */
  readonly account: Hex | null
  /** Runs a read; its failure becomes a CodedError that says what was being done. */
  read<T>(doing: string, run: () => Promise<T>): Promise<T>
  /** Sends a transaction and waits until it is in a block. */
  write(order: CallOrder, options?: SendOptions): Promise<Mined>
}
