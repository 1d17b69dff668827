import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '@quoin/models'
import { declareTraining } from './declaration.ts'
import { createRandom } from './random.ts'
import type { Table } from './table.ts'
import { trainModel } from './train.ts'

const backend = await openBackend('onnx-wasm')

function housesTable(rows: number): Table {
  const random = createRandom(7)
  const area = Float64Array.from({ length: rows }, () => 40 + 100 * random.uniform())
  const town = Array.from({ length: rows }, () => ['north', 'south', 'west'][random.below(3)] ?? '')
  const price = area.map(
    (value, row) => 3 * value + (town[row] === 'south' ? 50 : 0) + random.uniform(),
  )
  return {
    rows,
    columns: new Map<string, Float64Array | string[]>([
      ['area', area],
      ['town', town],
      ['price', price],
    ]),
  }
}

test('a linear model finds what a table was made by, twice to the same bytes', async () => {
  const declaration = await declareTraining({
    task: 'regression',
    target: 'price',
    features: [
      { kind: 'numeric', columns: ['area'] },
      { kind: 'categorical', columns: ['town'] },
    ],
    algorithm: { kind: 'linear', l2: 0.001 },
    crossValidation: { folds: 4 },
  })
  const table = housesTable(300)
  const first = await trainModel({ declaration, table, backend })
  const second = await trainModel({ declaration, table: housesTable(300), backend })
  assert.equal(first.modelCid, second.modelCid)
  assert.deepEqual(first.report, second.report)
  const { metrics, baseline } = first.report
  assert.ok(metrics.test && 'r2' in metrics.test && baseline.test && 'r2' in baseline.test)
  assert.ok((metrics.test.r2 ?? 0) > 0.999)
  assert.ok((baseline.test.r2 ?? 1) < 0.01)
})
