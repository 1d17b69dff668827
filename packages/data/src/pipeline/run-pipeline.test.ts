import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { openSession } from '../session/session.ts'
import { parsePipeline } from './declaration.ts'
import { runPipeline } from './run-pipeline.ts'

let directory: string
let flowers: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quoin-pipeline-'))
  flowers = join(directory, 'flowers.csv')
  const kinds = ['rose', 'tulip', 'lily']
  const lines = Array.from(
    { length: 3000 },
    (_, row) => `${row},${kinds[row % 3]},${(row * 37) % 101}.${row % 10}`,
  )
  await writeFile(flowers, `id,kind,size\n${lines.join('\n')}\n`)
})

after(() => rm(directory, { recursive: true }))

const declaration = {
  kind: 'quoin/pipeline/1',
  inputs: { flowers: { cid: 'bafy…', format: 'csv' } },
  steps: [
    {
      table: 'clean',
      sql: 'select *, size / (select avg(size) from flowers) as relative from flowers where size > 5',
    },
    { split: { from: 'clean', seed: 'a', parts: { train: 8000, test: 2000 }, stratifyBy: 'kind' } },
    {
      table: 'summary',
      sql: 'select kind, count(*) as n, sum(relative) as total from train group by kind',
    },
  ],
  outputs: {
    train: { table: 'train', format: 'parquet' },
    test: { table: 'test', format: 'csv' },
    summary: { table: 'summary', format: 'jsonl' },
  },
}

/** The outputs' bytes by their names. */
async function run(value: unknown): Promise<Map<string, Buffer>> {
  const outputs = new Map<string, Buffer>()
  await runPipeline(parsePipeline(value), {
    paths: { flowers },
    directory,
    onOutput: async ({ name, path }) => {
      outputs.set(name, await readFile(path))
    },
  })
  return outputs
}

const hashes = (outputs: Map<string, Buffer>) =>
  [...outputs].map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')])

describe('a pipeline', () => {
  it('makes the same bytes again', async () => {
    const first = await run(declaration)
    assert.deepEqual([...first.keys()], ['summary', 'test', 'train'])
    assert.deepEqual(hashes(await run(declaration)), hashes(first))
  })

  it('splits by the seed: every row once, each kind alike', async () => {
    const read = async (seed: string) => {
      const [, split] = declaration.steps
      const steps = [
        declaration.steps[0],
        { split: { ...split?.split, seed } },
        declaration.steps[2],
      ]
      const outputs = await run({
        ...declaration,
        steps,
        outputs: {
          train: { table: 'train', format: 'csv' },
          test: { table: 'test', format: 'csv' },
        },
      })
      return [...outputs.values()].map((bytes) => bytes.toString().trim().split('\n').slice(1))
    }
    const [test = [], train = []] = await read('a')
    assert.equal(
      new Set([...test, ...train].map((line) => line.split(',')[0])).size,
      test.length + train.length,
    )
    for (const kind of ['rose', 'tulip', 'lily']) {
      const count = (lines: string[]) => lines.filter((line) => line.includes(kind)).length
      const all = count(train) + count(test)
      assert.ok(Math.abs(count(train) - all * 0.8) <= 1, `${kind}: ${count(train)} of ${all}`)
    }
    assert.notDeepEqual((await read('b'))[0], test)
  })

  it('says which step is wrong', async () => {
    const steps = [{ table: 'clean', sql: 'select nothing from flowers' }]
    const wrong = { ...declaration, steps, outputs: { x: { table: 'clean', format: 'csv' } } }
    await assert.rejects(run(wrong), /In step clean: .*nothing/)
  })

  const contradictions = [
    [{ ...declaration, inputs: {} }, /no inputs/],
    [{ ...declaration, outputs: {} }, /no outputs/],
    [
      { ...declaration, outputs: { x: { table: 'y', format: 'csv' } } },
      /the table y, which no step makes/,
    ],
    [
      { ...declaration, steps: [{ table: 'flowers', sql: 'select 1' }] },
      /two tables are named flowers/,
    ],
    [
      {
        ...declaration,
        steps: [{ split: { from: 'flowers', seed: '1', parts: { a: 5000, b: 4000 } } }],
      },
      /9000 basis/,
    ],
    [
      {
        ...declaration,
        steps: [{ split: { from: 'later', seed: '1', parts: { a: 5000, b: 5000 } } }],
      },
      /later, which no/,
    ],
    [{ ...declaration, more: 1 }, /more/],
    [{ ...declaration, inputs: { 'x"y': { cid: 'b', format: 'csv' } } }, /Invalid key/],
  ] as const

  for (const [value, message] of contradictions)
    it(`is refused when it contradicts itself: ${message.source}`, () => {
      assert.throws(
        () => parsePipeline(value),
        (error) =>
          error instanceof CodedError &&
          error.code === 'INVALID_PIPELINE' &&
          message.test(error.message),
      )
    })
})

describe('a table', () => {
  it('is read whole, by columns', async () => {
    const path = join(directory, 'mixed.jsonl')
    await writeFile(
      path,
      '{"n":1,"t":"a","v":[1,2],"b":true}\n{"n":null,"t":null,"v":[3,4],"b":false}\n',
    )
    await using session = await openSession({
      sources: { t: { path, format: 'jsonl' } },
      directory,
    })
    const { rows, columns } = await session.read('t')
    assert.equal(rows, 2)
    assert.deepEqual(columns.get('n'), Float64Array.of(1, Number.NaN))
    assert.deepEqual(columns.get('t'), ['a', ''])
    assert.deepEqual(columns.get('v'), { shape: [2], data: Float32Array.of(1, 2, 3, 4) })
    assert.deepEqual(columns.get('b'), Float64Array.of(1, 0))
  })

  it('whose lists differ in length is no tensor', async () => {
    const path = join(directory, 'lists.jsonl')
    await writeFile(path, '{"v":[1,2]}\n{"v":[3]}\n')
    await using session = await openSession({
      sources: { t: { path, format: 'jsonl' } },
      directory,
    })
    await assert.rejects(session.read('t'), /lists in v differ in length/)
  })
})
