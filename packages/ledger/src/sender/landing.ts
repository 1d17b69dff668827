import type { Hex } from '@quoin/kernel'
import { type PublicClient, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem'
import { type LedgerError, ledgerError } from '../errors.ts'
import { describeRevert, findRevertData } from '../revert.ts'
import type { CallOrder } from './interface.ts'

/** The receipt of whichever of the hashes was mined. */
export async function findReceipt(
  client: PublicClient,
  hashes: readonly Hex[],
): Promise<TransactionReceipt | null> {
  for (const hash of hashes.toReversed()) {
    try {
      return await client.getTransactionReceipt({ hash })
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error
    }
  }
  return null
}

/** Why a mined transaction failed, by running it again on the state before its block; null if it did not. */
export async function judge(
  client: PublicClient,
  account: Hex,
  order: CallOrder,
  receipt: TransactionReceipt,
): Promise<LedgerError | null> {
  if (receipt.status === 'success') return null
  const data = await replay(client, account, order, receipt.blockNumber - 1n)
  const revert = data === null ? null : describeRevert(data)
  const reason = revert ? `, ${revert.text}${revert.hint ? `: ${revert.hint}` : ''}` : ''
  const message = `The transaction to ${order.doing} is in block ${receipt.blockNumber} and reverted${reason}`
  const detail = { transaction: receipt.transactionHash, error: revert?.error ?? null }
  return ledgerError('TRANSACTION_REVERTED', message, { detail })
}

async function replay(
  client: PublicClient,
  account: Hex,
  { to, data, value = 0n }: CallOrder,
  blockNumber: bigint,
): Promise<Hex | null> {
  try {
    await client.call({ account, to, data, value, blockNumber })
    return null
  } catch (error) {
    return findRevertData(error)
  }
}
