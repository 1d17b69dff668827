/** What a service costs: atomic units for a call, and for one million metered units in and out. */
export interface Price {
  callAtomic: bigint
  inAtomicPerMillion: bigint
  outAtomicPerMillion: bigint
}

/** Whole, non-negative counts of what is metered: tokens, rows. */
export interface Units {
  in: number
  out: number
}

const million = 1_000_000n

/** Rounded up to a whole atomic unit once per call, so that nothing with a price is free. */
export function priceOf(price: Price, units: Units): bigint {
  const perMillion =
    BigInt(units.in) * price.inAtomicPerMillion + BigInt(units.out) * price.outAtomicPerMillion
  return price.callAtomic + (perMillion + million - 1n) / million
}
