import { extname } from 'node:path'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from './errors.ts'

/** Tables as files. `jsonl` is one JSON object a line (NDJSON); csv and tsv have a header line (RFC 4180). */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet'

export const tableFormats = ['csv', 'tsv', 'jsonl', 'parquet'] as const

const byExtension: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
}

const mediaTypes: Readonly<Record<TableFormat, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

/** @throws CodedError `UNKNOWN_FORMAT` */
export function formatOfName(name: string): TableFormat {
  const format = byExtension[extname(name).toLowerCase()]
  if (format) return format
  throw new CodedError<DataErrorCode>(
    'UNKNOWN_FORMAT',
    `The name ${name} says no table format. Tables are ${Object.keys(byExtension).join(', ')}`,
  )
}

export function mediaTypeOf(format: TableFormat): string {
  return mediaTypes[format]
}

/** @returns null for what is no table */
export function formatOfMediaType(mediaType: string): TableFormat | null {
  return tableFormats.find((format) => mediaTypes[format] === mediaType) ?? null
}
