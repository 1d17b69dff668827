import { float32Named, float64Named } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { trainingError } from '../errors.ts'
import type { Examples, TrainerKind } from './trainer.ts'

const maxWidth = 4_096

/**
 * Ridge regression by the normal equations in float64 (Hoerl and Kennard 1970): the columns are centred,
 * so the intercept bears no penalty, and (XᵀX + l2·I) w = Xᵀy is solved by LDLᵀ.
 */
export const linear: TrainerKind<Extract<Algorithm, { kind: 'linear' }>> = {
  async open(_backend, { l2 }, { width, train, validation }) {
    if (width > maxWidth)
      throw trainingError(
        'TOO_MANY_FEATURES',
        `Linear regression solves for ${maxWidth} numbers a row and these have ${width}: take another algorithm`,
        { detail: { width } },
      )
    let solution = new Float64Array(width + 1)
    return {
      maxRounds: 1,
      async runRound() {
        solution = solveRidge(train, width, l2)
        return { trainLoss: squaredError(train, solution), isConverged: true }
      },
      validationLoss: async () => (validation ? squaredError(validation, solution) : null),
      parameters: () => ({
        weights: Float32Array.from(solution.subarray(0, width)),
        bias: Float32Array.from(solution.subarray(width)),
      }),
      state: () => ({ solution: solution.slice() }),
      restore(state) {
        solution = Float64Array.from(float64Named(state, 'solution'))
      },
      async [Symbol.asyncDispose]() {},
    }
  },
  addPredictor(graph, features, { form: { width }, parameters }) {
    const weights = graph.float32(float32Named(parameters, 'weights'), [width, 1])
    const bias = graph.float32(float32Named(parameters, 'bias'), [1])
    return graph.node('Gemm', [features, weights, bias])
  },
}

/** Weights, then the intercept. */
function solveRidge({ rows, features, targets }: Examples, width: number, l2: number) {
  const means = new Float64Array(width)
  let targetMean = 0
  for (let row = 0; row < rows; row++) {
    targetMean += targets[row] ?? 0
    for (let at = 0; at < width; at++)
      means[at] = (means[at] ?? 0) + (features[row * width + at] ?? 0)
  }
  targetMean /= rows
  for (let at = 0; at < width; at++) means[at] = (means[at] ?? 0) / rows
  const gram = new Float64Array(width * width)
  const moment = new Float64Array(width)
  const centred = new Float64Array(width)
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++)
      centred[at] = (features[row * width + at] ?? 0) - (means[at] ?? 0)
    addOuterProduct({ gram, moment }, centred, (targets[row] ?? 0) - targetMean)
  }
  for (let at = 0; at < width; at++) gram[at * width + at] = (gram[at * width + at] ?? 0) + l2
  const solution = new Float64Array(width + 1)
  solution.set(solveSymmetric(gram, moment))
  let intercept = targetMean
  for (let at = 0; at < width; at++) intercept -= (solution[at] ?? 0) * (means[at] ?? 0)
  solution[width] = intercept
  return solution
}

/** Adds to the lower triangle. */
function addOuterProduct(
  { gram, moment }: { gram: Float64Array; moment: Float64Array },
  row: Float64Array,
  target: number,
): void {
  const width = row.length
  for (let i = 0; i < width; i++) {
    const factor = row[i] ?? 0
    if (factor === 0) continue
    moment[i] = (moment[i] ?? 0) + factor * target
    for (let j = 0; j <= i; j++)
      gram[i * width + j] = (gram[i * width + j] ?? 0) + factor * (row[j] ?? 0)
  }
}

/**
 * Solves a symmetric, positive semidefinite system by LDLᵀ in place (lower triangle). Directions
 * without information (linearly dependent columns) get the coefficient 0.
 */
function solveSymmetric(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length
  const pivots = new Float64Array(size)
  const scaled = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const diagonal = matrix[i * size + i] ?? 0
    for (let j = 0; j < i; j++) {
      let sum = matrix[i * size + j] ?? 0
      for (let k = 0; k < j; k++) sum -= (matrix[j * size + k] ?? 0) * (scaled[k] ?? 0)
      scaled[j] = pivots[j] === 0 ? 0 : sum
    }
    let pivot = diagonal
    for (let j = 0; j < i; j++) {
      const factor = pivots[j] === 0 ? 0 : (scaled[j] ?? 0) / (pivots[j] ?? 1)
      pivot -= factor * (scaled[j] ?? 0)
      matrix[i * size + j] = factor
    }
    pivots[i] = pivot > diagonal * 1e-12 ? pivot : 0
  }
  return substitute(matrix, pivots, right)
}

function substitute(factors: Float64Array, pivots: Float64Array, right: Float64Array) {
  const size = right.length
  const solution = right.slice()
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++)
      solution[i] = (solution[i] ?? 0) - (factors[i * size + j] ?? 0) * (solution[j] ?? 0)
  for (let i = 0; i < size; i++)
    solution[i] = pivots[i] === 0 ? 0 : (solution[i] ?? 0) / (pivots[i] ?? 1)
  for (let i = size - 1; i >= 0; i--)
    for (let j = i + 1; j < size; j++)
      solution[i] = (solution[i] ?? 0) - (factors[j * size + i] ?? 0) * (solution[j] ?? 0)
  return solution
}

function squaredError({ rows, features, targets }: Examples, solution: Float64Array): number {
  const width = solution.length - 1
  let sum = 0
  for (let row = 0; row < rows; row++) {
    let predicted = solution[width] ?? 0
    for (let at = 0; at < width; at++)
      predicted += (solution[at] ?? 0) * (features[row * width + at] ?? 0)
    const error = predicted - (targets[row] ?? 0)
    sum += error * error
  }
  return sum / rows
}
