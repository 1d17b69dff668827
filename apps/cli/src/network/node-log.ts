import { open } from 'node:fs/promises'

const tailBytes = 64 * 1024

/** The last lines of a log file. */
export async function tailOf(path: string, lines: number): Promise<string[]> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const from = Math.max(0, size - Math.max(tailBytes, lines * 400))
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(size - from),
    position: from,
  })
  const text = buffer.toString('utf8', 0, bytesRead).replace(/\n$/, '')
  return text === '' ? [] : text.split('\n').slice(-lines)
}

/** What a node that ended said last: its error, as commands print it, else its last line. */
export async function lastError(path: string): Promise<string> {
  const lines = await tailOf(path, 40).catch((): string[] => [])
  const at = lines.findLastIndex((line) => line.startsWith('error  '))
  if (at < 0) return lines.at(-1) ?? 'its log is empty'
  const rest = lines.slice(at + 1)
  const end = rest.findIndex((line) => !line.startsWith('       '))
  const more = end < 0 ? rest : rest.slice(0, end)
  return [lines[at]?.slice('error  '.length), ...more.map((line) => line.trim())].join(' ')
}
