import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '@quoin/models'
import { float32Named } from '../arrays.ts'
import { createRandom } from '../random.ts'
import { network } from './networks.ts'
import type { Problem } from './trainer.ts'

type Network = Parameters<typeof network.open>[1]

const backend = await openBackend('onnx-wasm')
const plain = {
  optimizer: 'sgd',
  momentum: 0,
  l2: 0,
  epochs: 1,
  batchSize: 8,
  learningRate: 0.01,
  decay: 'none',
} as const

function problem(image: [number, number, number] | null, classes: number | null): Problem {
  const random = createRandom(3)
  const width = image ? image[0] * image[1] * image[2] : 6
  const rows = 8
  const features = Float32Array.from({ length: rows * width }, () => 2 * random.uniform() - 1)
  const targets =
    classes === null
      ? Float64Array.from({ length: rows }, () => random.uniform())
      : Int32Array.from({ length: rows }, () => random.below(classes))
  const examples = { rows, features, targets }
  return { width, classes, image, seed: 5, train: examples, validation: examples }
}

/** The step of plain gradient descent over its rate, beside the slope of the loss measured by moving each weight. */
async function compareGradients(
  algorithm: Network,
  given: Problem,
): Promise<{ analytic: number; numeric: number; where: string }[]> {
  await using trainer = await network.open(backend, algorithm, given)
  // Biases begin at 0, where rows that no unit answers to would lie exactly on a ReLU's bend.
  const random = createRandom(11)
  const before = Object.fromEntries(
    Object.entries(trainer.state()).map(([name, values]) => [
      name,
      name.startsWith('biases') ? values.map(() => 0.2 * random.uniform() + 0.05) : values,
    ]),
  )
  trainer.restore(before)
  await trainer.runRound(0)
  const after = trainer.state()
  const compared = []
  for (const name of Object.keys(trainer.parameters())) {
    const [start, end] = [float32Named(before, name), float32Named(after, name)]
    for (let at = 0; at < start.length; at += Math.ceil(start.length / 6)) {
      // So little that hardly a ReLU turns over.
      const reach = 0.001
      const lossAt = async (distance: number) => {
        const moved = start.slice()
        moved[at]! += distance
        trainer.restore({ ...before, [name]: moved })
        return (await trainer.validationLoss()) ?? Number.NaN
      }
      const numeric = ((await lossAt(reach)) - (await lossAt(-reach))) / (2 * reach)
      const analytic = (start[at]! - end[at]!) / algorithm.learningRate
      compared.push({ analytic, numeric, where: `${name}[${at}]` })
    }
  }
  return compared
}

const networks: Record<string, [Network, Problem]> = {
  'a perceptron that classifies': [{ kind: 'mlp', hidden: [5, 4], ...plain }, problem(null, 3)],
  'a perceptron that gives values': [{ kind: 'mlp', hidden: [5], ...plain }, problem(null, null)],
  'convolutions whose strides leave points over': [
    {
      kind: 'cnn',
      convolutions: [
        { filters: 3, kernel: 3, stride: 2 },
        { filters: 2, kernel: 2, stride: 3 },
      ],
      hidden: [4],
      ...plain,
    },
    problem([2, 10, 12], 3),
  ],
}

for (const [name, [algorithm, given]] of Object.entries(networks))
  test(`the gradient of ${name} is the slope of its loss`, async () => {
    const compared = await compareGradients(algorithm, given)
    assert.ok(compared.some(({ analytic }) => Math.abs(analytic) > 0.01))
    for (const { analytic, numeric, where } of compared)
      assert.ok(
        Math.abs(analytic - numeric) < 0.004 + 0.05 * Math.abs(numeric),
        `${where}: ${analytic} by the graph, ${numeric} by measuring`,
      )
  })
