import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'
import type { TableFormat } from '../format.ts'
import { identifier, literal } from '../sql.ts'
import { describeFileError } from './describe-error.ts'
import { inferTypes } from './infer-types.ts'
import { readCsvHeader } from './read-header.ts'

export interface Source {
  path: string
  format: TableFormat
}

/** A line of CSV, or a document of JSON. */
const maxRecordBytes = 2 * 1024 * 1024

/**
 * A file as a table of the engine; `documents` makes it one column, `document`, of JSON.
 * @throws CodedError `INVALID_FILE`
 */
export async function loadSource(
  connection: DuckDBConnection,
  name: string,
  source: Source,
  as: 'table' | 'documents',
): Promise<void> {
  try {
    const { size } = await stat(source.path)
    if (size === 0)
      throw new CodedError<DataErrorCode>('INVALID_FILE', `${basename(source.path)} is empty`)
    await loadTable(connection, name, source)
    if (as === 'documents') await foldIntoDocuments(connection, name)
  } catch (error) {
    throw describeFileError(error, source.path)
  }
}

async function loadTable(connection: DuckDBConnection, name: string, source: Source) {
  const { path, format } = source
  const table = identifier(name)
  if (format === 'csv' || format === 'tsv') return loadCsv(connection, name, path, format)
  const reader =
    format === 'parquet'
      ? `read_parquet(${literal(path)})`
      : `read_json(${literal(path)}, format = 'newline_delimited', sample_size = -1, maximum_object_size = ${maxRecordBytes})`
  await connection.run(`CREATE TABLE ${table} AS SELECT * FROM ${reader}`)
}

async function loadCsv(
  connection: DuckDBConnection,
  name: string,
  path: string,
  format: 'csv' | 'tsv',
) {
  const delimiter = format === 'csv' ? ',' : '\t'
  const names = await readCsvHeader(path, delimiter)
  const columns = names.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ')
  const options = [
    `auto_detect = false, header = true, strict_mode = true, null_padding = false`,
    `delim = ${literal(delimiter)}, quote = '"', escape = '"'`,
    `max_line_size = ${maxRecordBytes}, columns = {${columns}}`,
  ].join(', ')
  const texts = `${name} as text`
  const from = `read_csv(${literal(path)}, ${options})`
  await connection.run(`CREATE TABLE ${identifier(texts)} AS SELECT * FROM ${from}`)
  const typed = await inferTypes(connection, texts, names)
  await connection.run(
    `CREATE TABLE ${identifier(name)} AS SELECT ${typed.join(', ')} FROM ${identifier(texts)}`,
  )
  await connection.run(`DROP TABLE ${identifier(texts)}`)
}

async function foldIntoDocuments(connection: DuckDBConnection, name: string) {
  const table = identifier(name)
  const rows = identifier(`${name} as rows`)
  await connection.run(`ALTER TABLE ${table} RENAME TO ${rows}`)
  await connection.run(
    `CREATE TABLE ${table} AS SELECT to_json(source) AS document FROM ${rows} AS source`,
  )
  await connection.run(`DROP TABLE ${rows}`)
}
