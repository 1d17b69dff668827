/** Where the schedule begins, and how steep the difficulty follows deviations from it. */
export interface AsertOptions {
  /** Target of the anchor block. */
  anchorTarget: bigint
  /** The easiest target that is allowed. */
  maxTarget: bigint
  /** Time between blocks that the schedule wants; the unit is that of `timeDelta`. */
  blockTime: bigint
  /** A chain that is this much behind its schedule has half the difficulty. */
  halfLife: bigint
}

/**
 * The target of the next block: anchor target · 2^((timeDelta − blockTime · (heightDelta + 1)) / halfLife),
 * in whole numbers only, so that every machine gets the same bits. `timeDelta` is the time of the
 * evaluated block minus that of the anchor's parent, `heightDelta` its height minus the anchor's.
 * Source: aserti3-2d, Bitcoin Cash CHIP "2020-11-15-asert"; the division truncates towards zero, the
 * cubic approximates 2^x on [0, 1) within 0.013 %.
 */
export function asertTarget(timeDelta: bigint, heightDelta: bigint, options: AsertOptions): bigint {
  const { anchorTarget, maxTarget, blockTime, halfLife } = options
  const exponent = ((timeDelta - blockTime * (heightDelta + 1n)) * 65536n) / halfLife
  const shifts = exponent >> 16n
  const fraction = exponent & 0xffffn
  const cubic =
    195766423245049n * fraction + 971821376n * fraction ** 2n + 5127n * fraction ** 3n + 2n ** 47n
  const scaled = anchorTarget * (65536n + (cubic >> 48n))
  // Beyond 2^512 either way the result is at a limit already: a huge shift would only cost memory.
  if (shifts > 512n) return maxTarget
  const target = shifts < -512n ? 0n : shift(scaled, shifts - 16n)
  if (target > maxTarget) return maxTarget
  return target < 1n ? 1n : target
}

function shift(value: bigint, bits: bigint): bigint {
  return bits < 0n ? value >> -bits : value << bits
}
