/**
 * exp, log and square root from the operations that IEEE 754 rounds exactly (+, −, ×, ÷), because
 * ECMAScript leaves the bits of Math.exp and its like to the engine. Errors stay within a few units in
 * the last place; what counts is that every engine gives the same bits.
 */

const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
const view = new DataView(new ArrayBuffer(8))

/** e to the power of `x`; 0 below −745, Infinity above 709.78. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.2) return 0
  const power = Math.floor(x / Math.LN2 + 0.5)
  const rest = x - power * ln2High - power * ln2Low
  // |rest| ≤ 0.35: the Taylor series needs 14 terms for 53 bits.
  let sum = 1
  for (let term = 14; term > 0; term--) sum = 1 + (rest / term) * sum
  const half = power < -1000 ? -1000 : power > 1000 ? 1000 : power
  return sum * powerOfTwo(half) * powerOfTwo(power - half)
}

/** The natural logarithm; −Infinity for 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  const { fraction, exponent } = split(x)
  // fraction in [√½, √2): log = 2 · artanh((f − 1) / (f + 1)).
  const ratio = (fraction - 1) / (fraction + 1)
  const square = ratio * ratio
  let sum = 0
  for (let odd = 25; odd >= 1; odd -= 2) sum = sum * square + 1 / odd
  return exponent * ln2High + (2 * ratio * sum + exponent * ln2Low)
}

/** The square root, by Newton's method; NaN below 0. */
export function squareRoot(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x < 0 ? Number.NaN : x
  const { fraction, exponent } = split(x)
  const odd = Math.abs(exponent % 2)
  const scaled = odd === 1 ? fraction * 2 : fraction
  let root = 0.5 + scaled / 2
  for (let step = 0; step < 6; step++) root = (root + scaled / root) / 2
  return root * powerOfTwo((exponent - odd) / 2)
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}

/** `base` to a whole power. */
export function wholePower(base: number, power: number): number {
  let result = 1
  for (let square = base, rest = power; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square
    square *= square
  }
  return result
}

/** 2 to a power from −1022 to 1023. */
export function powerOfTwo(power: number): number {
  view.setUint32(0, (power + 1023) << 20)
  view.setUint32(4, 0)
  return view.getFloat64(0)
}

/** `x` = fraction · 2^exponent, with the fraction in [√½, √2). */
function split(x: number): { fraction: number; exponent: number } {
  const isSubnormal = x < 2.2250738585072014e-308
  view.setFloat64(0, isSubnormal ? x * 18014398509481984 : x)
  const high = view.getUint32(0)
  let exponent = (high >>> 20) - 1023 - (isSubnormal ? 54 : 0)
  view.setUint32(0, (high & 0xfffff) | 0x3ff00000)
  let fraction = view.getFloat64(0)
  if (fraction > Math.SQRT2) {
    fraction /= 2
    exponent += 1
  }
  return { fraction, exponent }
}
