import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '@quoin/models'
import fc from 'fast-check'
import { type DeclarationInput, declareTraining } from '../declaration.ts'
import type { Column, Table } from '../table.ts'
import { encodeRows } from './encode-rows.ts'
import { fitEncoding } from './fit-encoding.ts'

const backend = await openBackend('onnx-wasm')

type Features = DeclarationInput['features']

/** All rows encoded, measured on the first `trainRows` of them. */
async function encode(
  columns: Record<string, Column>,
  features: Features,
  { rows, trainRows = rows }: { rows: number; trainRows?: number },
): Promise<number[][]> {
  const table: Table = { rows, columns: new Map(Object.entries(columns)) }
  const declaration = await declareTraining({
    task: 'regression',
    target: 'none',
    features,
    algorithm: { kind: 'linear' },
  })
  const all = Int32Array.from({ length: rows }, (_, row) => row)
  const encoding = fitEncoding(table, declaration, all.subarray(0, trainRows))
  const encoded = await encodeRows(backend, encoding, { table, rows: all, signal: undefined })
  return Array.from(all, (row) => [
    ...encoded.subarray(row * encoding.width, (row + 1) * encoding.width),
  ])
}

test('standardised numbers have mean 0 and deviation 1, however far they lie from 0', async () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(values, fc.constantFrom(0, 1.7e12), async (parts, offset) => {
      fc.pre(new Set(parts).size > 1)
      const x = Float64Array.from(parts, (part) => part + offset)
      const encoded = await encode({ x }, [{ kind: 'numeric', columns: ['x'] }], { rows: x.length })
      const numbers = encoded.map(([value = Number.NaN]) => value)
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length
      const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length
      assert.ok(Math.abs(mean) < 1e-4 && Math.abs(variance - 1) < 1e-4, `${mean}, ${variance}`)
    }),
    { numRuns: 20 },
  )
})

test('a range goes from 0 to 1 on the training rows, and beyond on others', async () => {
  const x = Float64Array.of(10, 20, 15, 30)
  const features: Features = [{ kind: 'numeric', columns: ['x'], scale: 'range' }]
  const encoded = await encode({ x }, features, { rows: 4, trainRows: 3 })
  assert.deepEqual(encoded, [[0], [1], [0.5], [2]])
})

test('missing numbers get the median, and a column that says so', async () => {
  const x = Float64Array.of(1, Number.NaN, 3, 8)
  const features: Features = [
    { kind: 'numeric', columns: ['x'], scale: 'none', missing: 'median', indicator: true },
  ]
  const encoded = await encode({ x }, features, { rows: 4 })
  assert.deepEqual(encoded, [
    [1, 0],
    [3, 1],
    [3, 0],
    [8, 0],
  ])
})

test('categories become columns of zeros and ones in the order of their code units', async () => {
  const town = ['b', 'a', 'ä', 'a', '']
  const features: Features = [{ kind: 'categorical', columns: ['town'], missing: 'category' }]
  const encoded = await encode({ town }, features, { rows: 5 })
  assert.deepEqual(encoded, [
    [0, 0, 1, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 1],
    [0, 1, 0, 0],
    [1, 0, 0, 0],
  ])
})

test('images become planes of their channels, bytes from 0 to 1', async () => {
  const picture = { shape: [1, 2, 3], data: Uint8Array.of(255, 0, 51, 0, 102, 255) }
  const encoded = await encode({ picture }, [{ kind: 'tensor', column: 'picture' }], { rows: 1 })
  const expected = [1, 0, 0, 0.4, 0.2, 1]
  for (const [at, value] of (encoded[0] ?? []).entries())
    assert.ok(Math.abs(value - (expected[at] ?? Number.NaN)) < 1e-6)
})

test('columns may be called like anything, even like what the graph calls its own', async () => {
  const columns = {
    constant0: Float64Array.of(1, 2),
    value1: Float64Array.of(3, 5),
    __proto__x: ['p', 'q'],
  }
  const encoded = await encode(
    columns,
    [
      { kind: 'numeric', columns: ['constant0', 'value1'], scale: 'none' },
      { kind: 'categorical', columns: ['__proto__x'] },
    ],
    { rows: 2 },
  )
  assert.deepEqual(encoded, [
    [1, 3, 1, 0],
    [2, 5, 0, 1],
  ])
})
