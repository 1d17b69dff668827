import type { Transaction } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { transactionToJson } from '../format/transaction.ts'
import { parseAddress, required } from '../params/values.ts'
import { type MethodTable, method } from './context.ts'

type Lane = Map<Hex, Transaction[]>

/** What waits in the pool, in geth's shapes. */
export const txpoolMethods: MethodTable = {
  txpool_status: method(0, (_, { execution }) => {
    const { pending, queued } = execution.pool.status()
    return { pending: bigintToHex(pending), queued: bigintToHex(queued) }
  }),
  txpool_content: method(0, (_, { execution }) => {
    const { pending, queued } = execution.pool.content()
    return { pending: bySender(pending, toJson), queued: bySender(queued, toJson) }
  }),
  txpool_contentFrom: method(1, (params, { execution }) => {
    const address = required(params, 0, parseAddress)
    const { pending, queued } = execution.pool.content()
    return {
      pending: byNonce(pending.get(address) ?? [], toJson),
      queued: byNonce(queued.get(address) ?? [], toJson),
    }
  }),
  txpool_inspect: method(0, (_, { execution }) => {
    const { pending, queued } = execution.pool.content()
    return { pending: bySender(pending, summary), queued: bySender(queued, summary) }
  }),
}

function bySender<T>(lane: Lane, form: (transaction: Transaction) => T) {
  return Object.fromEntries(
    [...lane].map(([sender, transactions]) => [sender, byNonce(transactions, form)]),
  )
}

/** Keyed by the nonce in decimal digits, as geth does. */
function byNonce<T>(transactions: Transaction[], form: (transaction: Transaction) => T) {
  return Object.fromEntries(
    transactions.map((transaction) => [transaction.nonce.toString(), form(transaction)]),
  )
}

function toJson(transaction: Transaction) {
  return transactionToJson(transaction, null)
}

function summary({ to, value, gas, gasPrice, maxFeePerGas }: Transaction): string {
  const price = maxFeePerGas ?? gasPrice ?? 0n
  return `${to ?? 'contract creation'}: ${value} wei + ${gas} gas × ${price} wei`
}
