import { CodedError } from '@quoin/kernel'
import type { Part } from '../child/read-values.ts'
import type { DataErrorCode } from '../errors.ts'

/** Numbers (NaN where missing), texts ('' where missing), or one tensor a row, row after row. */
export type Values =
  | Float64Array
  | readonly string[]
  | { readonly shape: readonly number[]; readonly data: Float32Array }

/** A table in memory, by columns: what is trained on. */
export interface TableValues {
  readonly rows: number
  readonly columns: ReadonlyMap<string, Values>
}

/** Puts the parts of columns together. @throws CodedError `INVALID_QUERY`, `LIMIT_EXCEEDED` */
export async function collectTable(
  names: readonly string[],
  parts: AsyncIterable<Part[]>,
  maxRows: number,
): Promise<TableValues> {
  const collected: Part[][] = names.map(() => [])
  let rows = 0
  for await (const part of parts) {
    rows += rowsOf(part[0])
    if (rows > maxRows)
      throw new CodedError<DataErrorCode>(
        'LIMIT_EXCEEDED',
        `The table has more than ${maxRows} rows`,
      )
    for (const [index, column] of part.entries()) collected[index]?.push(column)
  }
  return {
    rows,
    columns: new Map(names.map((name, index) => [name, join(name, collected[index] ?? [])])),
  }
}

function rowsOf(part: Part | undefined): number {
  if (!part) return 0
  return part instanceof Float64Array || Array.isArray(part)
    ? part.length
    : part.data.length / part.length
}

function join(name: string, parts: readonly Part[]): Values {
  const numbers = parts.filter((part) => part instanceof Float64Array)
  if (numbers.length === parts.length) return concat(numbers, new Float64Array(total(numbers)))
  const texts = parts.filter((part) => Array.isArray(part))
  if (texts.length === parts.length) return texts.flat()
  const tensors = parts.filter((part) => 'data' in part)
  const length = tensors[0]?.length ?? 0
  if (tensors.length < parts.length || tensors.some((part) => part.length !== length))
    throw new CodedError<DataErrorCode>('INVALID_QUERY', `The lists in ${name} differ in length`)
  const data = tensors.map((part) => part.data)
  return { shape: [length], data: concat(data, new Float32Array(total(data))) }
}

function total(parts: readonly { length: number }[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function concat<T extends Float64Array | Float32Array>(parts: readonly T[], whole: T): T {
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
