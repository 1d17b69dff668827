import { bytesToHex } from '@quoin/kernel'
import { sha256 } from '@quoin/models/core'
import { trainingError } from './errors.ts'

/** Numbers; NaN where a value is missing. */
export type NumberColumn = Float64Array
/** Texts; '' where a value is missing. */
export type TextColumn = readonly string[]
/** A tensor in each row, such as an image [height, width, channels]; row-major, rows after each other. */
export interface TensorColumn {
  readonly shape: readonly number[]
  readonly data: Uint8Array | Float32Array
}
export type Column = NumberColumn | TextColumn | TensorColumn

/** What a model is trained on: typed columns of one length, as a query over the data gives them. */
export interface Table {
  readonly rows: number
  readonly columns: ReadonlyMap<string, Column>
}

type ColumnKind = 'number' | 'text' | 'tensor'

function columnKind(column: Column): ColumnKind {
  if (column instanceof Float64Array) return 'number'
  return Array.isArray(column) ? 'text' : 'tensor'
}

/** @throws TrainingError `TABLE_EMPTY`, or `TABLE_INVALID` for a column of another length */
export function checkTable({ rows, columns }: Table): void {
  if (rows === 0 || columns.size === 0)
    throw trainingError(
      'TABLE_EMPTY',
      `The table has ${rows} rows and ${columns.size} columns: there is nothing to learn from`,
    )
  for (const [name, column] of columns) {
    const length = columnLength(column)
    if (length !== rows)
      throw trainingError(
        'TABLE_INVALID',
        `The column ${name} has ${length} rows and the table ${rows}`,
        { detail: { column: name, length, rows } },
      )
  }
}

export function numberColumn(table: Table, name: string): NumberColumn {
  const column = findColumn(table, name)
  if (column instanceof Float64Array) return column
  throw wrongKind(name, column, 'numbers')
}

export function textColumn(table: Table, name: string): TextColumn {
  const column = findColumn(table, name)
  if (!(column instanceof Float64Array) && !('shape' in column)) return column
  throw wrongKind(name, column, 'texts')
}

export function tensorColumn(table: Table, name: string): TensorColumn {
  const column = findColumn(table, name)
  if (!(column instanceof Float64Array) && 'shape' in column) return column
  throw wrongKind(name, column, 'tensors')
}

/** Numbers or texts as texts: what labels are. Missing values are ''. */
export function labelColumn(table: Table, name: string): TextColumn {
  const column = findColumn(table, name)
  if (!(column instanceof Float64Array)) return textColumn(table, name)
  return Array.from(column, (value) => (Number.isNaN(value) ? '' : String(value)))
}

/** sha256 over names, kinds, shapes and values in the order of the names: equal tables, equal hashes. */
export async function tableHash({ rows, columns }: Table): Promise<string> {
  const hashes: string[] = [`rows ${rows}`]
  for (const name of [...columns.keys()].sort()) {
    const column = columns.get(name)
    if (column === undefined) continue
    const bytes = columnBytes(column)
    const kind =
      column instanceof Float64Array || !('shape' in column) ? columnKind(column) : describe(column)
    hashes.push(`${JSON.stringify(name)} ${kind} ${bytesToHex(await sha256(bytes))}`)
  }
  return bytesToHex(await sha256(new TextEncoder().encode(hashes.join('\n'))))
}

function columnBytes(column: Column): Uint8Array {
  if (column instanceof Float64Array) {
    // One NaN for all: engines may carry any of its bits.
    const words = new Uint32Array(Float64Array.from(column).buffer)
    for (let row = 0; row < column.length; row++)
      if (Number.isNaN(column[row])) words.set([0, 0x7ff80000], row * 2)
    return new Uint8Array(words.buffer)
  }
  if (!('shape' in column)) return new TextEncoder().encode(JSON.stringify(column))
  const { buffer, byteOffset, byteLength } = column.data
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function describe({ shape, data }: TensorColumn): string {
  return `tensor ${data instanceof Uint8Array ? 'uint8' : 'float32'} [${shape.join()}]`
}

function columnLength(column: Column): number {
  if (column instanceof Float64Array || !('shape' in column)) return column.length
  return column.data.length / tensorSize(column)
}

/** The elements of one row. */
export function tensorSize({ shape }: TensorColumn): number {
  return shape.reduce((product, side) => product * side, 1)
}

function findColumn({ columns }: Table, name: string): Column {
  const column = columns.get(name)
  if (column !== undefined) return column
  throw trainingError(
    'COLUMN_MISSING',
    `The table has no column ${name}; it has ${[...columns.keys()].slice(0, 50).join(', ')}`,
    { detail: { column: name } },
  )
}

function wrongKind(name: string, column: Column, wanted: string): Error {
  const kind = columnKind(column)
  return trainingError(
    'COLUMN_TYPE',
    `The column ${name} has ${kind}s where ${wanted} are declared: declare it otherwise, or convert it in the query`,
    { detail: { column: name, kind } },
  )
}
