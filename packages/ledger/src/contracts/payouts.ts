import { multicall3Abi, payeeWord, splitterAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData, parseEventLogs } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'

/** What is to be paid out to one payee. */
export interface PayoutClaim {
  /** An account's address, or an artifact's id: then its owner is paid. */
  payee: Hex
  splitIds: readonly Hex[]
}

/** Gas is bounded by the block; about 50,000 a call. */
const maxCalls = 200

/** Brings earnings to their payees, from any account, in one transaction. */
export function createPayouts(context: LedgerContext) {
  const { addresses } = context
  const target = addresses.splitter

  return {
    /**
     * Empties these splits' tills and pays these payees what the splits then owe them: all of it, or nothing.
     * @throws CodedError `INVALID_ORDER` for nothing or too much at once
     */
    async payOut(
      { tills, claims }: { tills: readonly Hex[]; claims: readonly PayoutClaim[] },
      token: Hex,
      options?: SendOptions,
    ): Promise<Mined & { amount: bigint }> {
      const calls = [
        ...tills.map((splitId) =>
          encodeFunctionData({
            abi: splitterAbi,
            functionName: 'collect',
            args: [splitId, token],
          }),
        ),
        ...claims.map(({ payee, splitIds }) =>
          encodeFunctionData({
            abi: splitterAbi,
            functionName: 'withdraw',
            args: [splitIds, token, payeeWord(payee)],
          }),
        ),
      ]
      if (calls.length === 0 || calls.length > maxCalls)
        throw ledgerError('INVALID_ORDER', `1 to ${maxCalls} at once, not ${calls.length}`)
      const data = encodeFunctionData({
        abi: multicall3Abi,
        functionName: 'aggregate3',
        args: [calls.map((callData) => ({ target, allowFailure: false, callData }))],
      })
      const order = { to: addresses.multicall3, data, doing: 'pay out earnings' }
      const mined = await context.write(order, options)
      const logs = [...mined.logs]
      const paid = parseEventLogs({ abi: splitterAbi, eventName: 'Withdrawn', logs })
      return { ...mined, amount: paid.reduce((sum, { args }) => sum + args.amount, 0n) }
    },
  }
}
