import { payeeWord, splitterAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeAbiParameters, encodeFunctionData, keccak256, parseEventLogs } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'

export interface SplitShare {
  /** An account's address, or an artifact's id: then whoever owns it when it is paid. */
  payee: Hex
  /** Hundredths of a percent; 10000 over all payees. */
  basisPoints: number
}

/** How an artifact's income is shared: its ancestors by its lineage, then these. */
export interface LineageSplit {
  artifact: Hex
  /** The share of the artifact's owner. */
  royaltyBasisPoints: number
  /** Who has the rest; null: the artifact's owner. */
  provider: Hex | null
}

export type Splits = ReturnType<typeof createSplits>

/** Shares of income among the owners of what it is made of. */
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

    /** The address that takes a split's income like any account: for channels, transfers, `payTo`. */
    async till(splitId: Hex): Promise<Hex> {
      return context.read('read a split’s till', () =>
        client.readContract({ ...contract, functionName: 'tillOf', args: [splitId] }),
      )
    },

    /** Brings what lies in the split's till into the split, from any account. */
    async collect(
      splitId: Hex,
      token: Hex,
      options?: SendOptions,
    ): Promise<Mined & { amount: bigint }> {
      const args = [splitId, token] as const
      const data = encodeFunctionData({ abi: splitterAbi, functionName: 'collect', args })
      const mined = await write('collect a split’s till', data, options)
      const logs = [...mined.logs]
      const paid = parseEventLogs({ abi: splitterAbi, eventName: 'Paid', logs })
      return { ...mined, amount: paid.reduce((sum, { args }) => sum + args.amount, 0n) }
    },

    /** Who shares, and with how much each. */
    async shares(splitId: Hex): Promise<SplitShare[]> {
      const [payees, shares] = await context.read('read a split', () =>
        client.readContract({ ...contract, functionName: 'payeesOf', args: [splitId] }),
      )
      return payees.map((payee, index) => ({ payee, basisPoints: Number(shares[index] ?? 0n) }))
    },

    /** What a payee can withdraw now, in atomic units of the token. */
    async owed(splitId: Hex, token: Hex, payee: Hex): Promise<bigint> {
      const args = [splitId, token, payeeWord(payee)] as const
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
      const args = [splitIds, token, payeeWord(payee)] as const
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

/** The id of an artifact's split. Without provider and royalty: of what selling licences to it earns. */
export function lineageSplitIdOf(split: LineageSplit): Hex {
  const types = [{ type: 'bytes32' }, { type: 'uint16' }, { type: 'address' }] as const
  const { artifact, royaltyBasisPoints, provider } = split
  return keccak256(encodeAbiParameters(types, [artifact, royaltyBasisPoints, provider ?? nobody]))
}

const nobody = '0x0000000000000000000000000000000000000000'

function toColumns(shares: readonly SplitShare[]): [Hex[], number[]] {
  const sum = shares.reduce((total, { basisPoints }) => total + basisPoints, 0)
  if (sum !== 10_000)
    throw ledgerError('INVALID_ORDER', `The shares add up to ${sum} basis points instead of 10000`)
  const sorted = [...shares].sort((a, b) => (BigInt(a.payee) < BigInt(b.payee) ? -1 : 1))
  return [sorted.map(({ payee }) => payeeWord(payee)), sorted.map(({ basisPoints }) => basisPoints)]
}
