import {
  type Backend,
  OnnxGraph,
  type Session,
  type Tensor,
  type ValueName,
} from '@quoin/models/core'
import { float32Named } from '../arrays.ts'
import { chunksOf } from '../chunks.ts'
import type { Algorithm } from '../declaration.ts'
import { createMinimizer, type Point } from './lbfgs.ts'
import type { Examples, Problem, TrainerKind } from './trainer.ts'

const float64 = 11

/**
 * Logistic regression: two classes share one set of weights, more have one each. The loss and its
 * gradient are an ONNX graph in float64, minimised by L-BFGS. The penalty leaves the intercepts alone,
 * as scikit-learn's does (l2 = 1/C).
 */
export const logistic: TrainerKind<Extract<Algorithm, { kind: 'logistic' }>> = {
  async open(backend, { l2, maxIterations, tolerance }, problem) {
    const { train, validation } = problem
    const columns = columnCount(problem.classes)
    const weightCount = problem.width * columns
    const session = await openObjective(backend, problem)
    const evaluate = async (at: Float64Array): Promise<Point> => {
      const point = await evaluateLoss(session, train, { at, problem })
      return addPenalty(point, at.subarray(0, weightCount), l2 / train.rows)
    }
    const minimizer = createMinimizer({ size: weightCount + columns, tolerance, evaluate })
    return {
      maxRounds: maxIterations,
      async runRound() {
        const { isConverged, point } = await minimizer.iterate()
        return { trainLoss: point.loss, isConverged }
      },
      async validationLoss() {
        if (!validation) return null
        return (await evaluateLoss(session, validation, { at: minimizer.position(), problem })).loss
      },
      parameters() {
        const at = minimizer.position()
        return {
          weights: Float32Array.from(at.subarray(0, weightCount)),
          biases: Float32Array.from(at.subarray(weightCount)),
        }
      },
      state: () => minimizer.state(),
      restore: (state) => minimizer.restore(state),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    }
  },
  addPredictor(graph, features, { form: { width, classes }, parameters }) {
    const columns = columnCount(classes)
    const weights = graph.float32(float32Named(parameters, 'weights'), [width, columns])
    const biases = graph.float32(float32Named(parameters, 'biases'), [columns])
    const scores = graph.node('Gemm', [features, weights, biases])
    return graph.node('Softmax', [allScores(graph, scores, columns)], { axis: -1 })
  },
}

function columnCount(classes: number | null): number {
  return classes === null || classes === 2 ? 1 : classes
}

/** Of two classes the first has the score 0. */
function allScores(graph: OnnxGraph, scores: ValueName, columns: number): ValueName {
  if (columns > 1) return scores
  return graph.node('Concat', [graph.node('Sub', [scores, scores]), scores], { axis: 1 })
}

/** Σ −log p and its gradient over a chunk of rows. */
async function openObjective(
  backend: Backend,
  { width, classes }: Pick<Problem, 'width' | 'classes'>,
): Promise<Session> {
  const columns = columnCount(classes)
  const graph = new OnnxGraph('logistic-loss')
  const features = graph.input('features', 'float32', ['rows', width])
  const labels = graph.input('labels', 'int32', ['rows', 1])
  const weights = graph.input('weights', 'float64', [width, columns])
  const biases = graph.input('biases', 'float64', [columns])
  const wide = graph.node('Cast', [features], { to: float64 })
  const scores = allScores(graph, graph.node('Gemm', [wide, weights, biases]), columns)
  const numbers = Int32Array.from({ length: classes ?? 2 }, (_, index) => index)
  const range = graph.constant('int32', [numbers.length], numbers)
  const isClass = graph.node('Cast', [graph.node('Equal', [labels, range])], { to: float64 })
  const logs = graph.node('LogSoftmax', [scores], { axis: -1 })
  const hits = graph.node('ReduceSum', [graph.node('Mul', [logs, isClass])], { keepdims: 0 })
  graph.node('Neg', [hits], {}, 'loss')
  const excess = graph.node('Sub', [graph.node('Softmax', [scores], { axis: -1 }), isClass])
  const slope =
    columns > 1
      ? excess
      : graph.node('Slice', [excess, graph.int64(1), graph.int64(2), graph.int64(1)])
  graph.node('Gemm', [wide, slope], { transA: 1 }, 'weightSlope')
  graph.node('ReduceSum', [slope, graph.int64(0)], { keepdims: 0 }, 'biasSlope')
  graph.output('loss', 'float64', [])
  graph.output('weightSlope', 'float64', [width, columns])
  graph.output('biasSlope', 'float64', [columns])
  return backend.open(graph.encode())
}

/** The mean loss and its gradient, weights first; chunks are added in their order. */
async function evaluateLoss(
  session: Session,
  { rows, features, targets }: Examples,
  { at, problem }: { at: Float64Array; problem: Problem },
): Promise<Point> {
  const { width } = problem
  const columns = columnCount(problem.classes)
  const weightCount = width * columns
  const weights: Tensor = {
    type: 'float64',
    shape: [width, columns],
    data: at.slice(0, weightCount),
  }
  const biases: Tensor = { type: 'float64', shape: [columns], data: at.slice(weightCount) }
  const gradient = new Float64Array(at.length)
  let loss = 0
  for (const { from, to } of chunksOf(rows, width)) {
    const outputs = await session.run({
      features: {
        type: 'float32',
        shape: [to - from, width],
        data: features.subarray(from * width, to * width),
      },
      labels: {
        type: 'int32',
        shape: [to - from, 1],
        data: Int32Array.from(targets.subarray(from, to)),
      },
      weights,
      biases,
    })
    loss += float64Output(outputs, 'loss')[0] ?? 0
    addInto(gradient, float64Output(outputs, 'weightSlope'), 0)
    addInto(gradient, float64Output(outputs, 'biasSlope'), weightCount)
  }
  for (let index = 0; index < gradient.length; index++) gradient[index]! /= rows
  return { loss: loss / rows, objective: loss / rows, gradient }
}

/** Adds strength/2 · |weights|² to the objective; the loss that is reported stays without. */
function addPenalty({ loss, gradient }: Point, weights: Float64Array, strength: number): Point {
  let squares = 0
  for (let index = 0; index < weights.length; index++) {
    squares += weights[index]! * weights[index]!
    gradient[index]! += strength * weights[index]!
  }
  return { loss, objective: loss + (strength / 2) * squares, gradient }
}

function addInto(sum: Float64Array, part: Float64Array, offset: number): void {
  for (let index = 0; index < part.length; index++) sum[offset + index]! += part[index]!
}

function float64Output(outputs: Record<string, Tensor>, name: string): Float64Array {
  const data = outputs[name]?.data
  if (data instanceof Float64Array) return data
  throw new RangeError(`The loss graph gave no ${name}`)
}
