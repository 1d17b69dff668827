import { splitterAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeAbiParameters, encodeFunctionData, keccak256, padHex, parseEventLogs } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'

export interface SplitShare {
  /** An account's address, or an artifact's id: then whoever owns it when it is paid. */
  payee: Hex
  /** Hundredths of a percent; 10000 over all payees. */
  basisPoints: number
}

export type Splits = ReturnType<typeof createSplits>

/** Shares of a service's income among the owners of what it is made of. */
export function createSplits(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.splitter, abi: splitterAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.splitter, data, doing }, options)

  return {
    /** Makes the split known; the same shares give the same id, and a second time is no error. */
    async create(
      shares: readonly SplitShare[],
      options?: SendOptions,
    ): Promise<Mined & { splitId: Hex }> {
      const args = toColumns(shares)
      const data = encodeFunctionData({ abi: splitterAbi, functionName: 'createSplit', args })
      const mined = await write('create a split', data, options)
      return { ...mined, splitId: splitIdOf(shares) }
    },

    /** Pays into a split; the Splitter needs the account's allowance. */
    async pay(splitId: Hex, token: Hex, amount: bigint, options?: SendOptions): Promise<Mined> {
      const args = [splitId, token, amount] as const
      const data = encodeFunctionData({ abi: splitterAbi, functionName: 'pay', args })
      return write('pay into a split', data, options)
    },

    /** What a payee can withdraw now, in atomic units of the token. */
    async owed(splitId: Hex, token: Hex, payee: Hex): Promise<bigint> {
      const args = [splitId, token, payeeOf(payee)] as const
      return context.read('read a payee’s share', () =>
        client.readContract({ ...contract, functionName: 'owed', args }),
      )
    },

    /** Pays a payee what these splits owe it, in one transfer, from any account. */
    async withdraw(
      splitIds: readonly Hex[],
      token: Hex,
      payee: Hex,
      options?: SendOptions,
    ): Promise<Mined & { amount: bigint }> {
      const args = [splitIds, token, payeeOf(payee)] as const
      const data = encodeFunctionData({ abi: splitterAbi, functionName: 'withdraw', args })
      const mined = await write('withdraw a share', data, options)
      const logs = [...mined.logs]
      const paid = parseEventLogs({ abi: splitterAbi, eventName: 'Withdrawn', logs })
      return { ...mined, amount: paid.reduce((sum, { args }) => sum + args.amount, 0n) }
    },
  }
}

/** A split's id: it names its content, in ascending order of the payees. */
export function splitIdOf(shares: readonly SplitShare[]): Hex {
  const types = [{ type: 'bytes32[]' }, { type: 'uint16[]' }] as const
  return keccak256(encodeAbiParameters(types, toColumns(shares)))
}

function toColumns(shares: readonly SplitShare[]): [Hex[], number[]] {
  const sum = shares.reduce((total, { basisPoints }) => total + basisPoints, 0)
  if (sum !== 10_000)
    throw ledgerError('INVALID_ORDER', `The shares add up to ${sum} basis points instead of 10000`)
  const sorted = [...shares].sort((a, b) => (BigInt(a.payee) < BigInt(b.payee) ? -1 : 1))
  return [sorted.map(({ payee }) => payeeOf(payee)), sorted.map(({ basisPoints }) => basisPoints)]
}

/** A payee as the contract names it: one word. */
function payeeOf(payee: Hex): Hex {
  return padHex(payee, { size: 32 })
}
