/** Choices that only the seed decides. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  chance(probability: number): boolean
  between(low: number, high: number): number
  /** A whole number in [0, below). */
  below(limit: number): number
  /** @throws RangeError when there is nothing to pick from */
  pick<T>(list: readonly T[]): T
  /** Another stream, so that one more choice here changes nothing there. */
  fork(): Random
}

export function createChoices(seed: number): Random {
  const next = createRandom(seed)
  return {
    next,
    chance: (probability) => next() < probability,
    between: (low, high) => low + next() * (high - low),
    below: (limit) => Math.floor(next() * limit),
    pick(list) {
      const picked = list[Math.floor(next() * list.length)]
      if (picked === undefined) throw new RangeError('Nothing to pick from')
      return picked
    },
    fork: () => createChoices(Math.floor(next() * 2 ** 32)),
  }
}

/** Uniform numbers in [0, 1) that only the seed decides (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
