/** π/2 in three parts: the first two have so few digits that k times them is exact for k < 2^20. */
const halfPiHigh = 1.5707963267341256
const halfPiMiddle = 6.077100506303966e-11
const halfPiLow = 2.0222662487959506e-21

/**
 * Sine and cosine for 0 ≤ x < 2^20 from additions and multiplications alone: IEEE 754 fixes their
 * results, while Math.sin is the engine's own choice. Error below 1e-15.
 */
export function sineAndCosine(x: number): { sine: number; cosine: number } {
  const quarter = Math.round(x / (halfPiHigh + halfPiMiddle))
  const rest = x - quarter * halfPiHigh - quarter * halfPiMiddle - quarter * halfPiLow
  const sine = taylor(rest, rest, 1)
  const cosine = taylor(1, rest, 0)
  switch (quarter & 3) {
    case 0:
      return { sine, cosine }
    case 1:
      return { sine: cosine, cosine: -sine }
    case 2:
      return { sine: -sine, cosine: -cosine }
    default:
      return { sine: -cosine, cosine: sine }
  }
}

/** first · (1 − x²/((n+1)(n+2)) · (1 − x²/((n+3)(n+4)) · …)), summed from the small end. */
function taylor(first: number, x: number, n: number): number {
  let sum = 1
  for (let term = 11; term >= 1; term--) {
    const degree = n + 2 * term
    sum = 1 - ((x * x) / (degree * (degree - 1))) * sum
  }
  return first * sum
}
