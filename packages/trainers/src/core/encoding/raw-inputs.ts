import type { Tensor } from '@quoin/models/core'
import { numberColumn, type Table, tensorColumn, tensorSize, textColumn } from '../table.ts'
import type { FittedEncoding, FittedFeature } from './fit-encoding.ts'

/** Rows of a table as the inputs of a model with this encoding. */
export function rawInputs(
  table: Table,
  { features }: FittedEncoding,
  rows: Int32Array,
): Record<string, Tensor> {
  return Object.fromEntries(features.flatMap((feature) => featureInputs(table, feature, rows)))
}

function featureInputs(table: Table, fitted: FittedFeature, rows: Int32Array): [string, Tensor][] {
  switch (fitted.kind) {
    case 'numeric':
      return numericInputs(table, fitted.feature, rows)
    case 'categorical':
      return fitted.feature.columns.map((name) => {
        const column = textColumn(table, name)
        const data = Array.from(rows, (row) => column[row] ?? '')
        return [name, { type: 'string', shape: [rows.length, 1], data }]
      })
    case 'tensor':
      return [[fitted.feature.column, pickTensors(table, fitted.feature.column, rows)]]
  }
}

function numericInputs(
  table: Table,
  { columns, input }: Extract<FittedFeature, { kind: 'numeric' }>['feature'],
  rows: Int32Array,
): [string, Tensor][] {
  const pick = (name: string) => {
    const column = numberColumn(table, name)
    return Float64Array.from(rows, (row) => column[row] ?? Number.NaN)
  }
  if (input === undefined)
    return columns.map((name) => [
      name,
      { type: 'float64', shape: [rows.length, 1], data: pick(name) },
    ])
  const data = new Float64Array(rows.length * columns.length)
  for (const [index, name] of columns.entries())
    for (const [row, value] of pick(name).entries()) data[row * columns.length + index] = value
  return [[input, { type: 'float64', shape: [rows.length, columns.length], data }]]
}

function pickTensors(table: Table, name: string, rows: Int32Array): Tensor {
  const column = tensorColumn(table, name)
  const size = tensorSize(column)
  const { data } = column
  const shape = [rows.length, ...column.shape]
  if (data instanceof Uint8Array) {
    const picked = new Uint8Array(rows.length * size)
    for (const [index, row] of rows.entries())
      picked.set(data.subarray(row * size, (row + 1) * size), index * size)
    return { type: 'uint8', shape, data: picked }
  }
  const picked = new Float32Array(rows.length * size)
  for (const [index, row] of rows.entries())
    picked.set(data.subarray(row * size, (row + 1) * size), index * size)
  return { type: 'float32', shape, data: picked }
}
