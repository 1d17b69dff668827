import { pad } from 'viem'
import type { Hex } from './addresses.ts'

/** Basis points by payee: the id of an artifact, or an account's address as a 32-byte word. */
export type ShareTable = ReadonlyMap<Hex, number>

const whole = 10_000
/** As in the Lineage: with owner and provider, the Splitter's 64. */
const maxAncestors = 62

/** One input of a derivation, and what was promised to its owner. */
export interface RoyaltyParent {
  artifact: Hex
  /** Of the right that the publisher used; 0 where it owns the parent. */
  royaltyBasisPoints: number
  /** What the parent's own income owes. */
  shares: ShareTable
}

/**
 * What a derivation's income owes to its ancestors, as the Lineage fixes it: the parents' tables and what
 * was promised to the parents; who is reached on several ways has the largest of its shares, once.
 * @throws RangeError where the chain would refuse it: more than the whole, or more than 62 ancestors
 */
export function deriveShares(parents: readonly RoyaltyParent[]): ShareTable {
  const table = new Map<Hex, number>()
  for (const { artifact, royaltyBasisPoints, shares } of parents) {
    for (const [payee, share] of [...shares, [artifact, royaltyBasisPoints] as const])
      if (share > (table.get(payee) ?? 0)) table.set(payee, share)
  }
  const total = sum(table)
  if (total > whole) throw new RangeError(`The parents' owners have ${total} of ${whole} shares`)
  if (table.size > maxAncestors)
    throw new RangeError(`${table.size} ancestors share, and ${maxAncestors} can`)
  return table
}

/**
 * Who shares an artifact's income: its ancestors, its owner with `royaltyBasisPoints`, and with the rest who
 * serves it; without one, the artifact's owner.
 */
export function lineageShares(income: {
  artifact: Hex
  shares: ShareTable
  royaltyBasisPoints?: number
  provider?: Hex
}): ShareTable {
  const { artifact, shares, royaltyBasisPoints = 0, provider } = income
  const table = new Map(shares)
  const add = (payee: Hex, share: number) => {
    if (share > 0) table.set(payee, (table.get(payee) ?? 0) + share)
  }
  add(artifact, royaltyBasisPoints)
  add(provider ? payeeWord(provider) : artifact, whole - sum(table))
  return table
}

/** What a payee may have had in all of what came in: rounded down, the rest waits for more. Atomic units. */
export function entitledAtomic(receivedAtomic: bigint, basisPoints: number): bigint {
  return (receivedAtomic * BigInt(basisPoints)) / BigInt(whole)
}

/** An account as the Splitter names payees. */
export function payeeWord(payee: Hex): Hex {
  return pad(`0x${payee.slice(2).toLowerCase()}`)
}

function sum(table: ShareTable): number {
  return [...table.values()].reduce((total, share) => total + share, 0)
}
