import type { Declaration } from './declaration.ts'
import { trainingError } from './errors.ts'
import { createRandom, permutation } from './random.ts'
import { type Table, textColumn } from './table.ts'
import { readTarget } from './target.ts'

/** Row numbers of the table. */
export interface Split {
  train: Int32Array
  validation: Int32Array
  test: Int32Array
}

const splitStream = 1
const foldStream = 2

/**
 * Cuts the rows in three. `labels` (a class number for each row) makes the cut stratified.
 * @throws TrainingError `TOO_FEW_ROWS` when a part that is declared would be empty
 */
export function splitRows(
  table: Table,
  { split }: Pick<Declaration, 'split'>,
  labels: Int32Array | null,
): Split {
  if (split.by === 'column') return splitByColumn(table, split.column)
  const random = createRandom(split.seed, splitStream)
  const shuffled = permutation(table.rows, random)
  const order = split.stratified && labels ? interleaveClasses(shuffled, labels) : shuffled
  const testRows = partSize(table.rows, split.test, 'test')
  const validationRows = partSize(table.rows, split.validation, 'validation')
  const parts = {
    test: order.slice(0, testRows),
    validation: order.slice(testRows, testRows + validationRows),
    train: order.slice(testRows + validationRows),
  }
  if (parts.train.length === 0) throw tooFew(table.rows, 'training')
  return parts
}

/** Cuts `rows` in `count` folds of sizes that differ by one at most. */
export function foldRows(
  rows: Int32Array,
  count: number,
  { seed, labels }: { seed: number; labels: Int32Array | null },
): Int32Array[] {
  if (rows.length < count)
    throw trainingError(
      'TOO_FEW_ROWS',
      `${rows.length} rows cannot make ${count} folds: declare fewer, or give more rows`,
      { detail: { rows: rows.length, folds: count } },
    )
  const places = permutation(rows.length, createRandom(seed, foldStream))
  const shuffled = places.map((place) => rows[place] ?? 0)
  const order = labels ? interleaveClasses(shuffled, labels) : shuffled
  return Array.from({ length: count }, (_, fold) =>
    order.filter((_row, index) => index % count === fold),
  )
}

export function joinRows(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Orders rows so that each stretch has the classes in about the proportion of the whole. */
function interleaveClasses(rows: Int32Array, labels: Int32Array): Int32Array {
  const sizes = new Map<number, number>()
  for (const row of rows) sizes.set(labels[row] ?? 0, (sizes.get(labels[row] ?? 0) ?? 0) + 1)
  const seen = new Map<number, number>()
  const placed = Array.from(rows, (row, index) => {
    const label = labels[row] ?? 0
    const nth = seen.get(label) ?? 0
    seen.set(label, nth + 1)
    return { row, index, position: (nth + 0.5) / (sizes.get(label) ?? 1) }
  })
  placed.sort((a, b) => a.position - b.position || a.index - b.index)
  return Int32Array.from(placed, ({ row }) => row)
}

function splitByColumn(table: Table, name: string): Split {
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] }
  for (const [row, part] of textColumn(table, name).entries()) {
    if (part !== 'train' && part !== 'validation' && part !== 'test')
      throw trainingError(
        'VALUE_INVALID',
        `Row ${row} of the column ${name} says ${JSON.stringify(part.slice(0, 40))}; it must say train, validation or test`,
        { detail: { column: name, row } },
      )
    parts[part].push(row)
  }
  if (parts.train.length === 0) throw tooFew(table.rows, 'training')
  return {
    train: Int32Array.from(parts.train),
    validation: Int32Array.from(parts.validation),
    test: Int32Array.from(parts.test),
  }
}

function partSize(rows: number, fraction: number, name: string): number {
  const size = Math.floor(rows * fraction + 0.5)
  if (fraction > 0 && size === 0) throw tooFew(rows, name)
  return size
}

function tooFew(rows: number, part: string): Error {
  return trainingError(
    'TOO_FEW_ROWS',
    `${rows} rows leave none for the ${part} part: give more rows or other fractions`,
    { detail: { rows } },
  )
}

/**
 * The rows of each part as a declaration cuts them, for whoever wants to train elsewhere on the same.
 * @throws TrainingError as `trainModel` would
 */
export function splitTable(table: Table, declaration: Declaration): Split {
  const target = readTarget(table, declaration)
  return splitRows(table, declaration, target.kind === 'classes' ? target.labels : null)
}
