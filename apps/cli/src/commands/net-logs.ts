import { open, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { nodeOf, pathsOf, readNetwork } from '../network/layout.ts'
import { readableLine, tailOf } from '../network/node-log.ts'

const pollMs = 200
const chunkBytes = 64 * 1024

/** The last lines of a node's log; with `follow`, what comes after too, until Ctrl-C. */
export async function netLogs(
  context: Context,
  options: { dir: string; id: number; lines: number; follow: boolean },
): Promise<void> {
  const { dir, id, lines, follow } = options
  const { terminal, signal } = context
  nodeOf(await readNetwork(dir), id)
  const path = pathsOf(dir).nodeLog(id)
  const tail = await tailOf(path, lines).catch((cause: unknown) => {
    throw cliError('NOT_FOUND', `Node ${id} has no log yet: it was never started`, { cause })
  })
  terminal.document({ path, lines: tail })
  for (const line of tail) terminal.line(readableLine(line))
  if (!follow || terminal.json) return
  let position = (await stat(path)).size
  while (!signal.aborted) {
    const { size } = await stat(path)
    if (size < position) position = 0
    const lines = size > position ? await linesFrom(path, position) : null
    for (const line of lines?.whole ?? []) terminal.line(readableLine(line))
    position += lines?.bytes ?? 0
    if (!lines?.bytes) await delay(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** Whole lines after a position, and how far they reach; a line that is not finished waits. */
async function linesFrom(
  path: string,
  position: number,
): Promise<{ whole: string[]; bytes: number }> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(chunkBytes), position })
  const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a)
  // A line as long as the chunk goes out in parts.
  const bytes = end < 0 ? (bytesRead === chunkBytes ? bytesRead : 0) : end + 1
  const text = buffer.toString('utf8', 0, bytes).replace(/\n$/, '')
  return { whole: bytes === 0 ? [] : text.split('\n'), bytes }
}
