/**
 * The receipts of one channel as they come in, in any order: each one's total must be the total before it plus
 * its own amount, and no two may have one sequence number. Pure; gaps (lost answers) are allowed.
 */
export interface ReceiptTrail {
  /** Known receipts by sequence, the oldest forgotten. */
  readonly known: ReadonlyMap<bigint, TrailEntry>
}

interface TrailEntry {
  amount: bigint
  cumulative: bigint
}

const remembered = 1024

export function emptyTrail(last: { sequence: bigint; cumulative: bigint } | null): ReceiptTrail {
  return {
    known: new Map(last ? [[last.sequence, { amount: 0n, cumulative: last.cumulative }]] : []),
  }
}

/** The trail with one more receipt, or the reason why the receipt does not fit. */
export function extendTrail(
  trail: ReceiptTrail,
  receipt: { sequence: bigint; amount: bigint; cumulative: bigint },
): ReceiptTrail | string {
  const { sequence, amount, cumulative } = receipt
  if (sequence < 1n || cumulative < amount) return `receipt ${sequence} has an impossible total`
  if (trail.known.has(sequence)) return `there are two receipts with the sequence ${sequence}`
  for (const [other, entry] of trail.known) {
    const wrong =
      other < sequence
        ? isWrongAfter(entry, receipt, other + 1n === sequence)
        : isWrongAfter(receipt, entry, sequence + 1n === other)
    if (wrong)
      return `receipt ${sequence} says ${amount} of ${cumulative}, receipt ${other} ends at ${entry.cumulative}: the totals do not add up`
  }
  const known = new Map(trail.known).set(sequence, { amount, cumulative })
  if (known.size > remembered) known.delete([...known.keys()].reduce((a, b) => (a < b ? a : b)))
  return { known }
}

function isWrongAfter(before: TrailEntry, after: TrailEntry, adjacent: boolean): boolean {
  const expected = before.cumulative + after.amount
  return adjacent ? after.cumulative !== expected : after.cumulative < expected
}
