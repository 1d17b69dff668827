import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { foldRows, splitRows } from './split.ts'
import type { Table } from './table.ts'

const emptyTable = (rows: number): Table => ({ rows, columns: new Map() })
const random = (seed: number, stratified: boolean) =>
  ({ split: { by: 'random', seed, validation: 0.2, test: 0.3, stratified } }) as const

test('a split gives each row to one part, and the same parts again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 300 }),
      fc.nat(),
      fc.boolean(),
      (rows, seed, stratified) => {
        const labels = Int32Array.from({ length: rows }, (_, row) => row % 3)
        const {
          train,
          validation,
          test: held,
        } = splitRows(emptyTable(rows), random(seed, stratified), labels)
        const all = [...train, ...validation, ...held].sort((a, b) => a - b)
        assert.deepEqual(
          all,
          Array.from({ length: rows }, (_, row) => row),
        )
        assert.ok(Math.abs(held.length - rows * 0.3) <= 0.5)
        const again = splitRows(emptyTable(rows), random(seed, stratified), labels)
        assert.deepEqual(again.test, held)
      },
    ),
  )
})

test('a stratified split gives each class its share of each part', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 40, max: 200 }), (seed, rows) => {
      const labels = Int32Array.from({ length: rows }, (_, row) => (row % 10 < 2 ? 1 : 0))
      const parts = splitRows(emptyTable(rows), random(seed, true), labels)
      for (const part of [parts.train, parts.validation, parts.test]) {
        const ones = part.filter((row) => labels[row] === 1).length
        assert.ok(Math.abs(ones - part.length * 0.2) <= 2, `${ones} of ${part.length}`)
      }
    }),
  )
})

test('another seed gives other parts', () => {
  const of = (seed: number) => splitRows(emptyTable(100), random(seed, false), null).test.join()
  assert.notEqual(of(1), of(2))
})

test('folds hold each row once and differ by one row at most', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 100 }),
      fc.integer({ min: 2, max: 5 }),
      (count, folds) => {
        const rows = Int32Array.from({ length: count }, (_, row) => row * 3)
        const parts = foldRows(rows, folds, { seed: 4, labels: null })
        assert.deepEqual(
          parts.flatMap((part) => [...part]).sort((a, b) => a - b),
          [...rows],
        )
        const sizes = parts.map(({ length }) => length)
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
      },
    ),
  )
})

test('fewer rows than folds are refused', () => {
  assert.throws(() => foldRows(Int32Array.of(1, 2), 3, { seed: 0, labels: null }), {
    code: 'TOO_FEW_ROWS',
  })
})

test('a column may say which part a row belongs to, and nothing else', () => {
  const table = (parts: string[]): Table => ({
    rows: parts.length,
    columns: new Map([['part', parts]]),
  })
  const by = { split: { by: 'column', column: 'part' } } as const
  const { train, validation, test: held } = splitRows(table(['test', 'train', 'train']), by, null)
  assert.deepEqual([...train], [1, 2])
  assert.deepEqual([...held], [0])
  assert.equal(validation.length, 0)
  assert.throws(() => splitRows(table(['train', 'rest']), by, null), { code: 'VALUE_INVALID' })
  assert.throws(() => splitRows(table(['test']), by, null), { code: 'TOO_FEW_ROWS' })
})
