import type { Backend, Session, Tensor } from '@quoin/models/core'
import { squareRoot, wholePower } from '../arithmetic.ts'
import { type Arrays, copyArrays, float32Named } from '../arrays.ts'
import { chunksOf } from '../chunks.ts'
import { createRandom, permutation } from '../random.ts'
import type { Layer, ParameterSpec } from './layers.ts'
import {
  adamDecay,
  type Descent,
  encodeLossGraph,
  encodeStepGraph,
  stateNames,
} from './step-graph.ts'
import type { Examples, Problem, Trainer } from './trainer.ts'

const weightStream = 10
const orderStream = 11

interface Setup {
  algorithm: Descent
  problem: Problem
  layers: readonly Layer[]
}

/** Trains layers by mini-batches; a round is an epoch over all training rows in a new order. */
export async function openDescent(backend: Backend, setup: Setup): Promise<Trainer> {
  const { algorithm, problem, layers } = setup
  const { train, validation, seed } = problem
  const specs = layers.flatMap((layer) => layer.parameters)
  await using scope = new AsyncDisposableStack()
  const step = scope.use(await backend.open(encodeStepGraph(setup)))
  const lossOf = scope.use(await backend.open(encodeLossGraph(setup)))
  let state = startState(specs, algorithm.optimizer, seed)
  const shapes = stateShapes(specs, algorithm.optimizer)
  const lifetime = scope.move()
  return {
    maxRounds: algorithm.epochs,
    async runRound(index) {
      const order = permutation(train.rows, createRandom(seed, orderStream, index))
      const epoch = { step, order, index, state, shapes }
      const { loss, next } = await runEpoch(setup, epoch)
      state = next
      return { trainLoss: loss / train.rows, isConverged: false }
    },
    async validationLoss() {
      if (!validation) return null
      return (
        (await sumLoss(lossOf, validation, { problem, state, shapes, specs })) / validation.rows
      )
    },
    parameters: () =>
      copyArrays(Object.fromEntries(specs.map(({ name }) => [name, float32Named(state, name)]))),
    state: () => copyArrays(state),
    restore(saved) {
      state = copyArrays(saved)
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  }
}

function startState(
  specs: readonly ParameterSpec[],
  optimizer: Descent['optimizer'],
  seed: number,
): Arrays {
  const state: Record<string, Float32Array> = {}
  for (const [index, { name, shape, bound }] of specs.entries()) {
    const size = shape.reduce((product, side) => product * side, 1)
    const random = createRandom(seed, weightStream, index)
    const reach = squareRoot(bound.squared)
    state[name] = Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * reach)
    for (const extra of stateNames(name, optimizer)) state[extra] = new Float32Array(size)
  }
  return state
}

type Shapes = ReadonlyMap<string, readonly number[]>

function stateShapes(specs: readonly ParameterSpec[], optimizer: Descent['optimizer']): Shapes {
  return new Map(
    specs.flatMap(({ name, shape }) =>
      [name, ...stateNames(name, optimizer)].map((one) => [one, shape] as const),
    ),
  )
}

async function runEpoch(
  { algorithm, problem }: Setup,
  epoch: { step: Session; order: Int32Array; index: number; state: Arrays; shapes: Shapes },
): Promise<{ loss: number; next: Arrays }> {
  const { step, order, shapes } = epoch
  const { batchSize } = algorithm
  const batches = Math.ceil(order.length / batchSize)
  let next = epoch.state
  let loss = 0
  for (let batch = 0; batch < batches; batch++) {
    const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize)
    const count = epoch.index * batches + batch + 1
    const outputs = await step.run({
      ...pickExamples(problem.train, rows, problem),
      ...toTensors(next, shapes),
      rate: scalar(learningRate(algorithm, count, batches)),
      share: scalar(1 / rows.length),
    })
    loss += Number(floatOutput(outputs, 'loss')[0])
    next = Object.fromEntries(
      [...shapes.keys()].map((name) => [name, floatOutput(outputs, `next:${name}`)]),
    )
  }
  return { loss, next }
}

/** Adam's correction of its averages' start at zero is part of the rate (Kingma and Ba 2015, section 2). */
function learningRate(
  { optimizer, learningRate: start, decay, epochs }: Descent,
  step: number,
  batches: number,
): number {
  const rate = decay === 'linear' ? start * (1 - (step - 1) / (epochs * batches)) : start
  if (optimizer === 'sgd') return rate
  const { mean, square } = adamDecay
  return (rate * squareRoot(1 - wholePower(square, step))) / (1 - wholePower(mean, step))
}

async function sumLoss(
  session: Session,
  examples: Examples,
  {
    problem,
    state,
    shapes,
    specs,
  }: { problem: Problem; state: Arrays; shapes: Shapes; specs: readonly ParameterSpec[] },
): Promise<number> {
  const wanted = new Map(specs.map(({ name }) => [name, shapes.get(name) ?? []]))
  const parameters = toTensors(state, wanted)
  const all = Int32Array.from({ length: examples.rows }, (_, row) => row)
  let loss = 0
  for (const { from, to } of chunksOf(examples.rows, problem.width)) {
    const rows = all.subarray(from, to)
    const outputs = await session.run({ ...pickExamples(examples, rows, problem), ...parameters })
    loss += Number(floatOutput(outputs, 'loss')[0])
  }
  return loss
}

function pickExamples(
  { features, targets }: Examples,
  rows: Int32Array,
  { width, classes }: Problem,
): Record<string, Tensor> {
  const picked = new Float32Array(rows.length * width)
  for (let index = 0; index < rows.length; index++) {
    const from = rows[index]! * width
    picked.set(features.subarray(from, from + width), index * width)
  }
  const shape = [rows.length, 1]
  const wanted = Array.from(rows, (row) => targets[row] ?? 0)
  return {
    features: { type: 'float32', shape: [rows.length, width], data: picked },
    targets:
      classes === null
        ? { type: 'float32', shape, data: Float32Array.from(wanted) }
        : { type: 'int32', shape, data: Int32Array.from(wanted) },
  }
}

function toTensors(state: Arrays, shapes: Shapes): Record<string, Tensor> {
  return Object.fromEntries(
    [...shapes].map(([name, shape]) => [
      name,
      { type: 'float32', shape: [...shape], data: float32Named(state, name) } as const,
    ]),
  )
}

function scalar(value: number): Tensor {
  return { type: 'float32', shape: [], data: Float32Array.of(value) }
}

function floatOutput(outputs: Record<string, Tensor>, name: string): Float32Array {
  const data = outputs[name]?.data
  if (data instanceof Float32Array) return data
  throw new RangeError(`The training graph gave no ${name}`)
}
