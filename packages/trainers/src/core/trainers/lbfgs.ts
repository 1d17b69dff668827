import { squareRoot } from '../arithmetic.ts'
import { type Arrays, float64Named } from '../arrays.ts'

/** A function's value and slope somewhere; `loss` is the part of the objective that is reported. */
export interface Point {
  loss: number
  objective: number
  gradient: Float64Array
}

export interface Minimizer {
  /** One step downhill. Converged: the slope is below the tolerance, or no step leads down. */
  iterate(): Promise<{ isConverged: boolean; point: Point }>
  position(): Float64Array
  state(): Arrays
  restore(state: Arrays): void
}

const memory = 10
const enoughDescent = 1e-4
const maxHalvings = 40

/**
 * L-BFGS (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1) from the origin, with
 * halving of steps until Armijo's condition holds. Sums go in index order, so runs repeat exactly.
 */
export function createMinimizer({
  size,
  tolerance,
  evaluate,
}: {
  size: number
  tolerance: number
  evaluate(at: Float64Array): Promise<Point>
}): Minimizer {
  let position = new Float64Array(size)
  let current: Point | null = null
  let steps: Float64Array[] = []
  let slopes: Float64Array[] = []

  async function search(from: Point, direction: Float64Array) {
    const descent = dot(from.gradient, direction)
    let length = steps.length === 0 ? 1 / Math.max(1, norm(from.gradient)) : 1
    for (let halving = 0; halving < maxHalvings; halving++, length /= 2) {
      const next = addScaled(position, direction, length)
      const point = await evaluate(next)
      if (point.objective <= from.objective + enoughDescent * length * descent)
        return { next, point }
    }
    return null
  }

  function remember(step: Float64Array, slope: Float64Array): void {
    // Only curvature upwards keeps the approximation positive.
    if (dot(step, slope) <= 1e-300) return
    steps = [...steps, step].slice(-memory)
    slopes = [...slopes, slope].slice(-memory)
  }

  return {
    async iterate() {
      const from = current ?? (await evaluate(position))
      current = from
      if (greatest(from.gradient) <= tolerance) return { isConverged: true, point: from }
      const direction = descentDirection(from.gradient, steps, slopes)
      const found = await search(from, direction)
      if (!found) return { isConverged: true, point: from }
      const { next, point } = found
      remember(addScaled(next, position, -1), addScaled(point.gradient, from.gradient, -1))
      position = next
      current = point
      return { isConverged: greatest(point.gradient) <= tolerance, point }
    },
    position: () => position.slice(),
    state: () => ({
      position: position.slice(),
      losses: current ? Float64Array.of(current.loss, current.objective) : Float64Array.of(),
      gradient: current ? current.gradient.slice() : Float64Array.of(),
      steps: joinVectors(steps),
      slopes: joinVectors(slopes),
    }),
    restore(state) {
      position = Float64Array.from(float64Named(state, 'position'))
      const [loss, objective] = float64Named(state, 'losses')
      const gradient = Float64Array.from(float64Named(state, 'gradient'))
      current = loss === undefined || objective === undefined ? null : { loss, objective, gradient }
      steps = cutVectors(float64Named(state, 'steps'), size)
      slopes = cutVectors(float64Named(state, 'slopes'), size)
    },
  }
}

/** The two-loop recursion. */
function descentDirection(
  gradient: Float64Array,
  steps: readonly Float64Array[],
  slopes: readonly Float64Array[],
): Float64Array {
  let direction = addScaled(new Float64Array(gradient.length), gradient, -1)
  const factors: number[] = []
  for (let index = steps.length - 1; index >= 0; index--) {
    const [step, slope] = [steps[index]!, slopes[index]!]
    const factor = dot(step, direction) / dot(step, slope)
    factors[index] = factor
    direction = addScaled(direction, slope, -factor)
  }
  const [step, slope] = [steps.at(-1), slopes.at(-1)]
  if (step && slope) {
    const scale = dot(step, slope) / dot(slope, slope)
    direction = direction.map((value) => value * scale)
  }
  for (const [index, past] of steps.entries()) {
    const slope = slopes[index]!
    const factor = dot(slope, direction) / dot(past, slope)
    direction = addScaled(direction, past, (factors[index] ?? 0) - factor)
  }
  return direction
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!
  return sum
}

function norm(vector: Float64Array): number {
  return squareRoot(dot(vector, vector))
}

function greatest(vector: Float64Array): number {
  let most = 0
  for (let index = 0; index < vector.length; index++)
    most = Math.max(most, Math.abs(vector[index]!))
  return most
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(a.length)
  for (let index = 0; index < a.length; index++) sum[index] = a[index]! + factor * b[index]!
  return sum
}

function joinVectors(vectors: readonly Float64Array[]): Float64Array {
  const size = vectors[0]?.length ?? 0
  const joined = new Float64Array(size * vectors.length)
  for (const [index, vector] of vectors.entries()) joined.set(vector, index * size)
  return joined
}

function cutVectors(joined: Float64Array, size: number): Float64Array[] {
  return Array.from({ length: joined.length / size }, (_, index) =>
    joined.slice(index * size, (index + 1) * size),
  )
}
