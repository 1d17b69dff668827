import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'

const maxHeaderBytes = 1 << 20
const maxColumns = 4096

/**
 * The names in the first record of a CSV file (RFC 4180). DuckDB's own sniffer takes a ragged file for one that
 * begins later, and drops the rows before: so it gets the names from here and guesses nothing.
 * @throws CodedError `INVALID_FILE`
 */
export async function readCsvHeader(path: string, delimiter: string): Promise<string[]> {
  const invalid = (what: string) =>
    new CodedError<DataErrorCode>('INVALID_FILE', `${basename(path)}, line 1: ${what}`)
  const text = decode(await readStart(path), invalid)
  if (text.trim() === '')
    throw invalid('the file is empty. A table begins with the names of its columns')
  const names = splitRecord(text, delimiter)
  const isWhole = text.length < maxHeaderBytes || text.includes('\n')
  if (!names || !isWhole) throw invalid('a quote is not closed, or the header is longer than 1 MiB')
  if (names.length > maxColumns)
    throw invalid(`${names.length} columns are more than ${maxColumns}`)
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    if (name.trim() === '') throw invalid(`column ${index + 1} has no name`)
    if (seen.has(name.toLowerCase())) throw invalid(`two columns are named "${name}"`)
    seen.add(name.toLowerCase())
  }
  return names
}

async function readStart(path: string): Promise<Uint8Array> {
  await using file = await open(path)
  const buffer = new Uint8Array(maxHeaderBytes)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  return buffer.subarray(0, bytesRead)
}

/** The part up to the last whole character must be UTF-8. */
function decode(bytes: Uint8Array, invalid: (what: string) => Error): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    throw invalid('the text is not UTF-8. Convert it, for instance with iconv -t UTF-8')
  }
}

/** @returns null when the record does not end */
function splitRecord(text: string, delimiter: string): string[] | null {
  const fields: string[] = []
  let at = 0
  while (true) {
    const field = text[at] === '"' ? readQuoted(text, at) : readBare(text, at, delimiter)
    if (!field) return null
    fields.push(field.value)
    if (text[field.end] !== delimiter) return isEnd(text, field.end) ? fields : null
    at = field.end + 1
  }
}

function readQuoted(text: string, start: number): { value: string; end: number } | null {
  let value = ''
  let at = start + 1
  while (true) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return null
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    at = quote + 2
  }
}

function readBare(text: string, start: number, delimiter: string) {
  let end = start
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r')
    end++
  return { value: text.slice(start, end), end }
}

function isEnd(text: string, at: number): boolean {
  return at >= text.length || text[at] === '\n' || text[at] === '\r'
}
