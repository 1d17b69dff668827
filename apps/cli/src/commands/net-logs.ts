import { open, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { nodeOf, pathsOf, readNetwork } from '../network/layout.ts'
import { tailOf } from '../network/node-log.ts'

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
  for (const line of tail) terminal.line(line)
  if (!follow || terminal.json) return
  let position = (await stat(path)).size
  while (!signal.aborted) {
    const { size } = await stat(path)
    if (size < position) position = 0
    if (size > position) position += await copy(path, position, (text) => terminal.write(text))
    else await delay(pollMs, undefined, { signal }).catch(() => {})
  }
}

async function copy(
  path: string,
  position: number,
  write: (text: string) => void,
): Promise<number> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(chunkBytes), position })
  write(buffer.toString('utf8', 0, bytesRead))
  return bytesRead
}
