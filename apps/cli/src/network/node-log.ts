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
export async function lastWords(path: string): Promise<string> {
  const lines = await tailOf(path, 40).catch((): string[] => [])
  const at = lines.findLastIndex((line) => line.startsWith('error  '))
  if (at < 0) return readableLine(lines.at(-1) ?? 'it is empty')
  const rest = lines.slice(at + 1)
  const end = rest.findIndex((line) => !line.startsWith('       '))
  const more = end < 0 ? rest : rest.slice(0, end)
  return [lines[at]?.slice('error  '.length), ...more.map((line) => line.trim())].join(' ')
}

const levels: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
}

/** `12:34:56.789 info  rpc: JSON-RPC is served  port=31410`; a line that no logger wrote stays as it is. */
export function readableLine(line: string): string {
  const { level, time, module, msg, ...fields } = parseObject(line)
  if (typeof level !== 'number' || typeof time !== 'number' || typeof msg !== 'string') return line
  const at = new Date(time).toISOString().slice(11, 23)
  const who = typeof module === 'string' ? `${module}: ` : ''
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`)
  return [`${at} ${(levels[level] ?? `${level}`).padEnd(5)} ${who}${msg}`, ...rest].join('  ')
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
