import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launchChromium } from '@quoin/testing'
import {
  type Column,
  type DeclarationInput,
  declareTraining,
  openBackend,
  trainModel,
} from '@quoin/trainers'
import { serveModules } from './browser-modules.ts'

const names = ['length', 'width', 'height', 'weight']
const kinds = ['blue', 'green', 'red']
/** From whole numbers, so that the page and this process begin with the same. */
let state = 7
const draw = (count: number) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state >>> 8) % count
}
const species = Array.from({ length: 120 }, () => kinds[draw(3)] ?? '')
const rows = species.map((kind) =>
  names.map((_, index) => (kinds.indexOf(kind) * (index + 1) * 40 + draw(100)) / 16),
)
/** A small picture for each row, so that convolutions take part too. */
const pictures = rows.flatMap((row) =>
  Array.from({ length: 64 }, (_, at) => Math.floor((row[at % 4] ?? 0) * 2 + (at % 9))),
)

const numeric = { kind: 'numeric', columns: names } as const
const classes = { task: 'classification', target: 'species' } as const
const gradient = { epochs: 3, batchSize: 16, learningRate: 0.01 }
const declarations: Record<string, DeclarationInput> = {
  linear: {
    task: 'regression',
    target: 'weight',
    features: [
      { kind: 'numeric', columns: names.slice(0, 3) },
      { kind: 'categorical', columns: ['species'] },
    ],
    algorithm: { kind: 'linear' },
  },
  logistic: { ...classes, features: [numeric], algorithm: { kind: 'logistic' } },
  mlp: { ...classes, features: [numeric], algorithm: { kind: 'mlp', hidden: [8], ...gradient } },
  cnn: {
    ...classes,
    features: [{ kind: 'tensor', column: 'picture' }],
    algorithm: { kind: 'cnn', convolutions: [{ filters: 4 }], ...gradient },
  },
  trees: {
    ...classes,
    features: [numeric],
    algorithm: { kind: 'trees', trees: 8, rowFraction: 0.8 },
    crossValidation: { folds: 2 },
  },
}

/** Runs in the page. */
async function trainInPage(options: {
  declarations: Record<string, DeclarationInput>
  numbers: Record<string, number[]>
  species: string[]
  pictures: number[]
}): Promise<Record<string, string>> {
  const load = (path: string) => import(path)
  const trainers = await load('/packages/trainers/src/core/index.ts')
  const { createBackend } = await load('/packages/models/src/core/index.ts')
  const folder = '/node_modules/onnxruntime-web/dist'
  const ort = await load(`${folder}/ort.wasm.bundle.min.mjs`)
  ort.env.wasm.numThreads = 1
  const wasm = await fetch(`${folder}/ort-wasm-simd-threaded.wasm`)
  ort.env.wasm.wasmBinary = await wasm.arrayBuffer()
  const backend = createBackend(ort, 'onnx-wasm')
  const columns = new Map<string, unknown>(
    Object.entries(options.numbers).map(([name, values]) => [name, Float64Array.from(values)]),
  )
  columns.set('species', options.species)
  columns.set('picture', { shape: [8, 8, 1], data: Uint8Array.from(options.pictures) })
  const table = { rows: options.species.length, columns }
  const models: Record<string, string> = {}
  for (const [name, input] of Object.entries(options.declarations)) {
    const declaration = await trainers.declareTraining(input)
    const trained = await trainers.trainModel({ declaration, table, backend })
    models[name] = `${trained.modelCid} ${JSON.stringify(trained.report)}`
  }
  return models
}

async function trainHere(): Promise<Record<string, string>> {
  const backend = await openBackend('onnx-wasm')
  const columns = new Map<string, Column>(
    names.map((name, index) => [name, Float64Array.from(rows, (row) => row[index] ?? Number.NaN)]),
  )
  columns.set('species', species)
  columns.set('picture', { shape: [8, 8, 1], data: Uint8Array.from(pictures) })
  const table = { rows: species.length, columns }
  const models: Record<string, string> = {}
  for (const [name, input] of Object.entries(declarations)) {
    const declaration = await declareTraining(input)
    const trained = await trainModel({ declaration, table, backend })
    models[name] = `${trained.modelCid} ${JSON.stringify(trained.report)}`
  }
  return models
}

test('a declaration gives the same model and report in Chromium and in Node', {
  timeout: 120_000,
}, async () => {
  await using modules = await serveModules()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto(modules.url)
    const numbers = Object.fromEntries(
      names.map((name, index) => [name, rows.map((row) => row[index] ?? 0)]),
    )
    const inPage = await page.evaluate(trainInPage, { declarations, numbers, species, pictures })
    assert.deepEqual(inPage, await trainHere())
    assert.equal(Object.keys(inPage).length, 5)
  } finally {
    await browser.close()
  }
})
