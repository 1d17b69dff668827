/**
 * Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, public domain, Tommy Ettinger). Integer
 * arithmetic only and 24 bits a number, so every engine gives the same float32.
 */
export function* uniformNumbers(seed: number): Generator<number, never> {
  let state = seed >>> 0
  for (;;) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    yield ((mixed ^ (mixed >>> 14)) >>> 8) / 0x1000000
  }
}
