import { splitterAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { VerifiedChain } from '@quoin/light'
import { encodeEventTopics, numberToHex } from 'viem'
import { cliError } from '../exit-codes.ts'
import type { AccountEarnings } from './read-earnings.ts'

/**
 * Finds every payment in the receipts of its block, which are proven from the block's certificate.
 * @returns how many there are
 * @throws CodedError `VERIFICATION_FAILED` for a payment that never was
 */
export async function provePayments(
  chain: VerifiedChain,
  splitter: Hex,
  { token, incomes }: AccountEarnings,
): Promise<number> {
  const payments = incomes.flatMap(({ splitId, payments }) =>
    payments.map((payment) => ({ splitId, ...payment })),
  )
  for (const { splitId, from, amountAtomic, blockNumber, transactionHash } of payments) {
    const args = { splitId, token, from }
    const wanted = [
      splitter,
      ...encodeEventTopics({ abi: splitterAbi, eventName: 'Paid', args }),
      numberToHex(amountAtomic, { size: 32 }),
    ].join()
    const receipts = await chain.receipts(Number(blockNumber))
    const logs = receipts.flatMap((receipt) => receipt.logs)
    const isThere = logs.some(
      ({ address, topics, data }) =>
        [address, ...topics, data].join().toLowerCase() === wanted.toLowerCase(),
    )
    if (!isThere)
      throw cliError(
        'VERIFICATION_FAILED',
        `Block ${blockNumber} has no payment of ${amountAtomic} from ${from} into the split ${splitId}, as transaction ${transactionHash} is said to have made`,
      )
  }
  return payments.length
}
