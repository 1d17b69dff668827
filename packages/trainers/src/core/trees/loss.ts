import { exp, log, sigmoid } from '../arithmetic.ts'

/** The loss that boosting descends, on scores (rows × outputs). */
export interface BoostingLoss {
  /** Scores of a row, and trees of a round. */
  outputs: number
  /** What scores begin with. */
  start: Float64Array
  /** First and second derivatives by one output's score. */
  slopes(
    scores: Float64Array,
    output: number,
  ): { gradients: Float64Array; curvatures: Float64Array }
  /** The mean loss of scores for these targets. */
  mean(scores: Float64Array, targets: Int32Array | Float64Array): number
}

export function squaredLoss(targets: Float64Array): BoostingLoss {
  const sum = targets.reduce((total, value) => total + value, 0)
  return {
    outputs: 1,
    start: Float64Array.of(sum / targets.length),
    slopes: (scores) => ({
      gradients: scores.map((score, row) => score - targets[row]!),
      curvatures: new Float64Array(scores.length).fill(1),
    }),
    mean(scores, actual) {
      let squares = 0
      for (let row = 0; row < actual.length; row++) {
        const error = scores[row]! - actual[row]!
        squares += error * error
      }
      return squares / actual.length
    },
  }
}

/** Two classes: one score, the log odds of the second. */
export function binaryLoss(labels: Int32Array): BoostingLoss {
  const share = labels.reduce((total, label) => total + label, 0) / labels.length
  return {
    outputs: 1,
    start: Float64Array.of(log(share / (1 - share))),
    slopes(scores) {
      const chances = scores.map(sigmoid)
      return {
        gradients: chances.map((chance, row) => chance - labels[row]!),
        curvatures: chances.map((chance) => chance * (1 - chance)),
      }
    },
    mean(scores, actual) {
      let sum = 0
      for (let row = 0; row < actual.length; row++) {
        const margin = actual[row] === 1 ? scores[row]! : -scores[row]!
        sum += softplus(-margin)
      }
      return sum / actual.length
    },
  }
}

/** More classes: a score each, probabilities by softmax. */
export function softmaxLoss(labels: Int32Array, classes: number): BoostingLoss {
  const counts = new Float64Array(classes)
  for (const label of labels) counts[label]! += 1
  return {
    outputs: classes,
    start: counts.map((count) => log(count / labels.length)),
    slopes(scores, output) {
      const chances = Float64Array.from(labels, (_, row) => {
        const at = row * classes
        return exp(scores[at + output]! - logSumExp(scores, at, classes))
      })
      return {
        gradients: chances.map((chance, row) => chance - (labels[row] === output ? 1 : 0)),
        curvatures: chances.map((chance) => chance * (1 - chance)),
      }
    },
    mean(scores, actual) {
      let sum = 0
      for (let row = 0; row < actual.length; row++) {
        const at = row * classes
        sum += logSumExp(scores, at, classes) - scores[at + actual[row]!]!
      }
      return sum / actual.length
    },
  }
}

function logSumExp(scores: Float64Array, from: number, count: number): number {
  let most = Number.NEGATIVE_INFINITY
  for (let at = from; at < from + count; at++) most = Math.max(most, scores[at]!)
  let sum = 0
  for (let at = from; at < from + count; at++) sum += exp(scores[at]! - most)
  return most + log(sum)
}

/** log(1 + eˣ). */
function softplus(x: number): number {
  return x > 0 ? x + log(1 + exp(-x)) : log(1 + exp(x))
}
