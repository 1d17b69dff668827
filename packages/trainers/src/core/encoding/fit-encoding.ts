import { squareRoot } from '../arithmetic.ts'
import type { Declaration, Feature } from '../declaration.ts'
import { trainingError } from '../errors.ts'
import {
  type NumberColumn,
  numberColumn,
  type Table,
  tensorColumn,
  tensorSize,
  textColumn,
} from '../table.ts'

type FeatureOf<K extends Feature['kind']> = Extract<Feature, { kind: K }>

/** One number column: encoded = (value, or fill where it is missing, − offset) × factor. */
interface FittedNumber {
  fill: number
  offset: number
  factor: number
}

/** A feature with everything that was measured on the training rows. */
export type FittedFeature =
  | { kind: 'numeric'; feature: FeatureOf<'numeric'>; columns: FittedNumber[] }
  | { kind: 'categorical'; feature: FeatureOf<'categorical'>; categories: string[][] }
  | {
      kind: 'tensor'
      feature: FeatureOf<'tensor'>
      shape: readonly number[]
      type: 'uint8' | 'float32'
      offset: number
      factor: number
    }

/** How raw rows become numbers. */
export interface FittedEncoding {
  features: readonly FittedFeature[]
  /** The numbers of one encoded row. */
  width: number
}

const maxWidth = 65_536

/** Measures means, deviations and medians on `rows`, and lists the categories of the whole table. */
export function fitEncoding(
  table: Table,
  { features }: Pick<Declaration, 'features'>,
  rows: Int32Array,
): FittedEncoding {
  const fitted = features.map((feature) => fitFeature(table, feature, rows))
  const width = fitted.reduce((sum, feature) => sum + featureWidth(feature), 0)
  if (width > maxWidth)
    throw trainingError(
      'TOO_MANY_FEATURES',
      `An encoded row has ${width} numbers where ${maxWidth} are allowed: leave columns out, or lower maxCategories`,
      { detail: { width } },
    )
  return { features: fitted, width }
}

function fitFeature(table: Table, feature: Feature, rows: Int32Array): FittedFeature {
  switch (feature.kind) {
    case 'numeric':
      return {
        kind: 'numeric',
        feature,
        columns: feature.columns.map((name) =>
          fitNumber(numberColumn(table, name), feature, { name, rows }),
        ),
      }
    case 'categorical':
      return {
        kind: 'categorical',
        feature,
        categories: feature.columns.map((name) => listCategories(table, feature, name)),
      }
    case 'tensor':
      return fitTensor(table, feature, rows)
  }
}

function featureWidth(fitted: FittedFeature): number {
  switch (fitted.kind) {
    case 'numeric':
      return fitted.columns.length * (fitted.feature.indicator ? 2 : 1)
    case 'categorical':
      return fitted.categories.reduce((sum, { length }) => sum + length, 0)
    case 'tensor':
      return fitted.shape.reduce((product, side) => product * side, 1)
  }
}

function fitNumber(
  column: NumberColumn,
  feature: FeatureOf<'numeric'>,
  { name, rows }: { name: string; rows: Int32Array },
): FittedNumber {
  checkNumbers(column, feature, name)
  const present = Float64Array.from(rows, (row) => column[row] ?? Number.NaN).filter(
    (value) => !Number.isNaN(value),
  )
  if (present.length === 0)
    throw trainingError('VALUE_INVALID', `The column ${name} has no value in any training row`, {
      detail: { column: name },
    })
  const fill = fillOf(present, feature)
  const { offset, spread } = measure(present, feature.scale)
  return { fill, offset, factor: spread > 0 ? 1 / spread : 1 }
}

function checkNumbers(column: NumberColumn, feature: FeatureOf<'numeric'>, name: string): void {
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN
    if (Number.isFinite(value)) continue
    if (!Number.isNaN(value))
      throw trainingError('VALUE_INVALID', `The column ${name} is ${value} in row ${row}`, {
        detail: { column: name, row },
      })
    if (feature.missing === 'refuse')
      throw trainingError(
        'VALUE_INVALID',
        `The column ${name} has no number in row ${row}: declare what to do with missing values (mean, median or a value), or leave such rows out`,
        { detail: { column: name, row } },
      )
  }
  const first = column.find((value) => !Number.isNaN(value))
  const isConstant = column.every((value) => value === first || Number.isNaN(value))
  if (
    isConstant &&
    feature.constant === 'refuse' &&
    !(feature.indicator && column.some(Number.isNaN))
  )
    throw constantColumn(name, String(first))
}

function fillOf(present: Float64Array, { missing }: FeatureOf<'numeric'>): number {
  if (typeof missing === 'object') return missing.value
  if (missing === 'mean') return mean(present)
  if (missing === 'median') return median(present)
  return 0
}

function measure(values: Float64Array, scale: 'standard' | 'range' | 'none') {
  if (scale === 'none') return { offset: 0, spread: 1 }
  if (scale === 'range') {
    const [least, greatest] = values.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const,
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
    )
    return { offset: least, spread: greatest - least }
  }
  const offset = mean(values)
  let squares = 0
  for (const value of values) squares += (value - offset) * (value - offset)
  return { offset, spread: squareRoot(squares / values.length) }
}

function mean(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

function listCategories(table: Table, feature: FeatureOf<'categorical'>, name: string): string[] {
  const column = textColumn(table, name)
  const distinct = new Set(column)
  if (distinct.has('') && feature.missing === 'refuse')
    throw trainingError(
      'VALUE_INVALID',
      `The column ${name} has no text in row ${column.indexOf('')}: declare missing: "category", or leave such rows out`,
      { detail: { column: name, row: column.indexOf('') } },
    )
  if (distinct.size > feature.maxCategories)
    throw trainingError(
      'TOO_MANY_CATEGORIES',
      `The column ${name} has ${distinct.size} categories where ${feature.maxCategories} are allowed: an identifier is no feature; else raise maxCategories`,
      { detail: { column: name, categories: distinct.size } },
    )
  if (distinct.size < 2 && feature.constant === 'refuse')
    throw constantColumn(name, JSON.stringify(column[0] ?? ''))
  return [...distinct].sort()
}

function constantColumn(name: string, value: string): Error {
  return trainingError(
    'CONSTANT_COLUMN',
    `The column ${name} is ${value} in every row, so it tells nothing: leave it out, or declare constant: "keep"`,
    { detail: { column: name } },
  )
}

function fitTensor(table: Table, feature: FeatureOf<'tensor'>, rows: Int32Array): FittedFeature {
  const column = tensorColumn(table, feature.column)
  const { shape, data } = column
  const type = data instanceof Uint8Array ? 'uint8' : 'float32'
  const size = tensorSize(column)
  if (data instanceof Float32Array) {
    const bad = data.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      throw trainingError(
        'VALUE_INVALID',
        `The column ${feature.column} has ${data[bad]} in row ${Math.floor(bad / size)}`,
        { detail: { column: feature.column, row: Math.floor(bad / size) } },
      )
  }
  const base = { kind: 'tensor', feature, shape, type } as const
  if (feature.scale === 'byte') return { ...base, offset: 0, factor: 1 / 255 }
  if (feature.scale === 'none') return { ...base, offset: 0, factor: 1 }
  return { ...base, ...standardOf(data, rows, size) }
}

function standardOf(data: Uint8Array | Float32Array, rows: Int32Array, size: number) {
  const count = rows.length * size
  let sum = 0
  for (const row of rows)
    for (let at = row * size; at < (row + 1) * size; at++) sum += data[at] ?? 0
  const offset = sum / count
  let squares = 0
  for (const row of rows)
    for (let at = row * size; at < (row + 1) * size; at++) {
      const distance = (data[at] ?? 0) - offset
      squares += distance * distance
    }
  const spread = squareRoot(squares / count)
  return { offset, factor: spread > 0 ? 1 / spread : 1 }
}
