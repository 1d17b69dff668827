import type { Hex } from '@quoin/kernel'
import type { Transaction } from '../interface.ts'

/** A transaction, or a call that is treated like one. */
export interface Message {
  from: Hex
  to: Hex | null
  nonce: bigint
  gas: bigint
  value: bigint
  input: Hex
  /** What is paid for a unit of gas. */
  gasPrice: bigint
  feeCap: bigint
  tip: bigint
  accessList: NonNullable<Transaction['accessList']>
  authorizationList: NonNullable<Transaction['authorizationList']> | null
  blobHashes: Hex[] | null
  maxFeePerBlobGas: bigint
}

export interface TransitionOptions {
  /** A call: neither nonce nor code of the sender matter, a price of zero is free of the base fee. */
  isCall?: boolean
  /** A call whose nonce and fees are checked all the same. */
  isChecked?: boolean
  /** Runs plain transfers in the EVM too: for tracing, and to compare. */
  alwaysEvm?: boolean
  /** Collects addresses and slots that were touched. */
  accessed?: Map<Hex, Set<Hex>>
}

/** The message that a signed transaction is in a block with this base fee. */
export function transactionMessage(transaction: Transaction, baseFee: bigint | undefined): Message {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const feeCap = gasPrice ?? maxFeePerGas ?? 0n
  const tip = gasPrice ?? maxPriorityFeePerGas ?? 0n
  const wanted = (baseFee ?? 0n) + tip
  return {
    from: transaction.from,
    to: transaction.to,
    nonce: transaction.nonce,
    gas: transaction.gas,
    value: transaction.value,
    input: transaction.input,
    gasPrice: gasPrice ?? (wanted < feeCap ? wanted : feeCap),
    feeCap,
    tip,
    accessList: transaction.accessList ?? [],
    authorizationList: transaction.authorizationList ?? null,
    blobHashes: transaction.blobVersionedHashes ?? null,
    maxFeePerBlobGas: transaction.maxFeePerBlobGas ?? 0n,
  }
}

/** EIP-4844 */
export function blobGasOf({ blobHashes }: Message): bigint {
  return 131072n * BigInt(blobHashes?.length ?? 0)
}
