import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One request and the answer the suite expects, as they are on the wire. */
interface Exchange {
  request: string
  expected: unknown
}

/** A test of ethereum/execution-apis: the `.io` file of one method. */
export interface IoFile {
  method: string
  name: string
  /** Only the shape of the answer is fixed, not its values. */
  specOnly: boolean
  exchanges: Exchange[]
}

/** Reads every `METHOD/NAME.io` of a folder, in order. */
export async function readIoFiles(directory: string): Promise<IoFile[]> {
  const files: IoFile[] = []
  const entries = await readdir(directory, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory()) continue
    const names = (await readdir(join(directory, entry.name))).filter((name) =>
      name.endsWith('.io'),
    )
    for (const name of names.toSorted()) {
      const text = await readFile(join(directory, entry.name, name), 'utf8')
      files.push(parseIoFile(text, { method: entry.name, name: name.slice(0, -3) }))
    }
  }
  return files
}

/** `//` starts a comment, `>>` a request, `<<` the answer to the request before it. */
export function parseIoFile(text: string, identity: { method: string; name: string }): IoFile {
  const exchanges: Exchange[] = []
  let specOnly = false
  let request: string | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith('//') && line.includes('speconly:')) specOnly = true
    if (line.startsWith('>>')) request = line.slice(2).trim()
    if (line.startsWith('<<') && request !== null) {
      exchanges.push({ request, expected: JSON.parse(line.slice(2)) })
      request = null
    }
  }
  return { ...identity, specOnly, exchanges }
}
