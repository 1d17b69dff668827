import { extname } from 'node:path'
import { formatOfMediaType, formatOfName, openSession, type TableFormat } from '@quoin/data'
import type { LocalSource } from './source.ts'

export interface Column {
  name: string
  type: string
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.tsv': 'text/tab-separated-values',
  '.jsonl': 'application/x-ndjson',
  '.ndjson': 'application/x-ndjson',
  '.parquet': 'application/vnd.apache.parquet',
  '.json': 'application/json',
  '.onnx': 'application/onnx',
  '.txt': 'text/plain',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.zip': 'application/zip',
}

export function mediaTypeOfName(name: string): string | null {
  return mediaTypes[extname(name).toLowerCase()] ?? null
}

/** Null for what is no table. */
export function tableFormatOf(mediaType: string | null, name: string): TableFormat | null {
  const byType = mediaType === null ? null : formatOfMediaType(mediaType)
  if (byType) return byType
  try {
    return formatOfName(name)
  } catch {
    return null
  }
}

/**
 * Reads a table whole, so that a file which is broken is not sold as one.
 * @throws CodedError `INVALID_FILE` naming the line, `LIMIT_EXCEEDED`
 */
export async function readColumns(
  { path }: LocalSource,
  format: TableFormat,
  { directory, signal }: { directory: string; signal: AbortSignal | undefined },
): Promise<Column[]> {
  await using session = await openSession({
    sources: { data: { path, format } },
    directory,
    limits: { queryMs: 600_000 },
    ...(signal && { signal }),
  })
  return (await session.columns('data')).map(({ name, type }) => ({ name, type }))
}
