import { basename } from 'node:path'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'

const maxMessageLength = 400

/** What DuckDB says of a file, without its advice on options that are not to be had here. */
export function describeFileError(error: unknown, path: string): Error {
  if (error instanceof CodedError) return error
  const text = textOf(error)
  const limit = limitError(text)
  if (limit) return limit
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1]
  const place = line ? `${basename(path)}, line ${line}` : basename(path)
  return dataError('INVALID_FILE', `${place}: ${reasonOf(text)}`, error)
}

/** What DuckDB says of a query. */
export function describeQueryError(error: unknown): Error {
  if (error instanceof CodedError) return error
  const text = textOf(error)
  const limit = limitError(text)
  if (limit) return limit
  if (text.startsWith('Permission Error'))
    return dataError(
      'FORBIDDEN_QUERY',
      'A query reads its tables only: no files, no network, no settings',
      error,
    )
  return dataError('INVALID_QUERY', shorten(text), error)
}

function limitError(text: string): CodedError<DataErrorCode> | null {
  if (/^(Out of Memory|OutOfMemory)/.test(text))
    return dataError(
      'LIMIT_EXCEEDED',
      `The query needs more memory or disk than it may use: ${shorten(text)}`,
    )
  if (/No space left on device/.test(text))
    return dataError('LIMIT_EXCEEDED', 'The disk is full. Make room and try again')
  if (text.startsWith('INTERRUPT'))
    return dataError('LIMIT_EXCEEDED', 'The query took longer than it may')
  return null
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/Expected Number of Columns: (\d+) Found: (\d+)/, 'the header has $1 columns, this line has $2'],
  [/Invalid unicode/, 'the text is not UTF-8. Convert it, for instance with iconv -t UTF-8'],
  [/Maximum line size of (\d+) bytes exceeded/, 'a line is longer than $1 bytes'],
  [/unterminated quote|Value with unterminated/i, 'a quote is not closed'],
  [/invalid state/, 'lines end in different ways, or a quote stands inside a field without quotes'],
  [
    /Malformed JSON in file "[^"]*", at byte (\d+) in line (\d+): ([^.\n]*)/,
    'line $2, byte $1 is not JSON: $3',
  ],
  [
    /maximum_object_size|"maximum_object_size"/,
    'a document is larger than it may be (2 MiB is always possible)',
  ],
  [/No magic bytes|too small to be a Parquet/i, 'this is no Parquet file, or its end is missing'],
]

function reasonOf(text: string): string {
  for (const [pattern, reason] of reasons) {
    const match = pattern.exec(text)
    if (match) return reason.replaceAll(/\$(\d)/g, (_, group) => match[Number(group)] ?? '')
  }
  return shorten(text)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The first line says it; what follows quotes the data. */
function shorten(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength)}…` : line
}

function dataError(
  code: DataErrorCode,
  message: string,
  cause?: unknown,
): CodedError<DataErrorCode> {
  return new CodedError<DataErrorCode>(code, message, { cause })
}
