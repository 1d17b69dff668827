import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  createModelHost,
  defineTabular,
  openBackend,
  type RuntimeName,
  type Tensor,
} from '@quoin/models'
import { readTabularSchema } from '@quoin/models/core'
import { penguinsTable } from '../test-support/data-sets.ts'
import { type DeclarationInput, declareTraining } from './declaration.ts'
import { fitEncoding } from './encoding/fit-encoding.ts'
import { rawInputs } from './encoding/raw-inputs.ts'
import { predictRows } from './model/predict.ts'
import { trainModel } from './train.ts'

const table = await penguinsTable()
const rows = Int32Array.from({ length: 60 }, (_, index) => index * 5)
const features: DeclarationInput['features'] = [
  {
    kind: 'numeric',
    columns: ['beakLength', 'beakDepth', 'flipperLength'],
    missing: 'median',
    indicator: true,
  },
  {
    kind: 'numeric',
    columns: ['bodyMass'],
    input: 'masses',
    scale: 'range',
    missing: { value: 4000 },
  },
  { kind: 'categorical', columns: ['island'] },
  { kind: 'categorical', columns: ['sex'], missing: 'category', unseen: 'ignore' },
]
const algorithms: DeclarationInput['algorithm'][] = [
  { kind: 'logistic', maxIterations: 20 },
  { kind: 'mlp', hidden: [8], epochs: 3 },
  { kind: 'trees', trees: 15 },
]

async function train(runtime: RuntimeName, algorithm: DeclarationInput['algorithm']) {
  const declaration = await declareTraining({
    task: 'classification',
    target: 'species',
    features,
    algorithm,
    runtime,
  })
  const backend = await openBackend(runtime)
  const { model } = await trainModel({ declaration, table, backend })
  const encoding = fitEncoding(table, declaration, rows)
  const inputs = rawInputs(table, encoding, rows)
  const answers = await predictRows(backend, model, { encoding, table, rows, signal: undefined })
  return { model, inputs, answers }
}

async function serve(model: Uint8Array, runtime: RuntimeName) {
  const offer = { id: 'penguins', title: 'Penguins', description: '', licence: 'BSD-3-Clause' }
  const definition = await defineTabular({ ...offer, runtime, createdAt: '2026-01-01' }, model)
  return createModelHost({
    models: [definition],
    loadFiles: async () => ({ model }),
    warmUpMs: 0,
  })
}

for (const runtime of ['onnx-wasm', 'onnx-native'] as const)
  suite(`models trained and served on ${runtime}`, () => {
    for (const algorithm of algorithms)
      test(`${algorithm.kind} answers raw rows as it did when it was trained`, async () => {
        const { model, inputs, answers } = await train(runtime, algorithm)
        await using host = await serve(model, runtime)
        const { probabilities, label } = await host.models.get('penguins')!.infer(inputs)
        const served = probabilities?.data
        assert.ok(served instanceof Float32Array && Array.isArray(label?.data))
        if (runtime === 'onnx-wasm') assert.deepEqual(served, answers)
        else
          for (const [at, value] of served.entries())
            assert.ok(Math.abs(value - answers[at]!) < 1e-5)
        const classes = readTabularSchema(model).classes ?? []
        for (const [row, text] of label.data.entries()) {
          const chances: number[] = [...served.subarray(row * 3, row * 3 + 3)]
          assert.equal(text, classes[chances.indexOf(Math.max(...chances))])
        }
      })
  })

test('a served model refuses what it has not learnt to read, and takes what it has', async () => {
  const { model, inputs } = await train('onnx-wasm', { kind: 'trees', trees: 3 })
  await using host = await serve(model, 'onnx-wasm')
  const served = host.models.get('penguins')!
  const one = (name: string, tensor: Tensor): Record<string, Tensor> => ({
    ...Object.fromEntries(
      Object.entries(inputs).map(([key, value]) => [
        key,
        { ...value, shape: [1, 1], data: value.data.slice(0, 1) } as Tensor,
      ]),
    ),
    [name]: tensor,
  })
  const text = (value: string): Tensor => ({ type: 'string', shape: [1, 1], data: [value] })
  const number = (value: number): Tensor => ({
    type: 'float64',
    shape: [1, 1],
    data: Float64Array.of(value),
  })
  const refusal = (inputs: Record<string, Tensor>, message: RegExp) =>
    assert.rejects(served.infer(inputs), { code: 'INPUT_INVALID', message })
  await refusal(one('island', text('Atlantis')), /island in row 0 is "Atlantis".*"Biscoe", "Dream"/)
  await refusal(one('island', text('')), /empty/)
  await refusal(one('beakDepth', number(1 / 0)), /Infinity/)
  await refusal(one('beakDepth', text('18')), /float64/)
  for (const accepted of [one('sex', text('unknown')), one('beakDepth', number(Number.NaN))]) {
    const { probabilities } = await served.infer(accepted)
    const sum = [...(probabilities?.data ?? [])].reduce<number>(
      (total, part) => total + Number(part),
      0,
    )
    assert.ok(Math.abs(sum - 1) < 1e-5)
  }
})

test('a file that is no model of rows is refused before it is served', async () => {
  const offer = { id: 'x', title: 'x', description: '', licence: 'x', createdAt: '2026-01-01' }
  const { model } = await train('onnx-wasm', { kind: 'trees', trees: 1 })
  const cut = model.subarray(0, model.length - 10)
  for (const bytes of [Uint8Array.of(), Uint8Array.of(0xff, 0xff, 0xff), cut])
    await assert.rejects(defineTabular({ ...offer, runtime: 'onnx-wasm' }, bytes), {
      code: 'MODEL_CORRUPT',
    })
})
