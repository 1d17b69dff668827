/** Random integers from integer arithmetic alone, so that every machine draws the same. */
export interface Random {
  /** 32 random bits. */
  bits(): number
  /** Uniform in [0, 1), 24 bits: exact as float32. */
  uniform(): number
  /** Uniform in 0 … `count` − 1, without bias. */
  below(count: number): number
}

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018; public
 * domain), its state filled by SplitMix32 from a seed and the numbers that name a stream. Each epoch
 * and each tree has a stream of its own, so a resumed run draws what an uninterrupted one would.
 */
export function createRandom(seed: number, ...stream: number[]): Random {
  let mixed = 0x9e3779b9
  for (const part of [seed, ...stream]) mixed = splitMix(mixed ^ splitMix(part >>> 0))
  const state = Uint32Array.from({ length: 4 }, (_, index) =>
    splitMix(mixed + Math.imul(index + 1, 0x9e3779b9)),
  )
  const bits = () => nextBits(state)
  return {
    bits,
    uniform: () => (bits() >>> 8) / 0x1000000,
    below(count) {
      const limit = 0x100000000 - (0x100000000 % count)
      for (;;) {
        const drawn = bits()
        if (drawn < limit) return drawn % count
      }
    },
  }
}

/** The row numbers 0 … `count` − 1 in random order (Fisher and Yates). */
export function permutation(count: number, random: Random): Int32Array {
  return shuffle(
    Int32Array.from({ length: count }, (_, index) => index),
    random,
  )
}

/** Shuffles in place. */
function shuffle(items: Int32Array, random: Random): Int32Array {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const swapped = items[last] ?? 0
    items[last] = items[other] ?? 0
    items[other] = swapped
  }
  return items
}

function nextBits(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
  const third = c ^ a
  const fourth = d ^ b
  state[1] = b ^ third
  state[0] = a ^ fourth
  state[2] = third ^ (b << 9)
  state[3] = rotate(fourth, 11)
  return result
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function splitMix(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
