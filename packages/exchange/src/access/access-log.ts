import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Hex } from '@quoin/kernel'
import { z } from 'zod'
import { exchangeError } from '../errors.ts'

const entrySchema = z.object({
  time: z.iso.datetime(),
  event: z.enum(['key-given', 'key-delivered', 'key-refused', 'access-given', 'access-refused']),
  account: z.string(),
  /** Which right, or what it lacked. */
  note: z.string().optional(),
  transaction: z.string().optional(),
})
export type AccessEntry = z.infer<typeof entrySchema>

/** Refusals beyond this are not written: strangers must not fill the owner's disk. */
const refusalsUntilBytes = 16 << 20

/** Who had, or was refused, which artifact: a line each in a file that only grows. */
export interface AccessLog {
  /** Durable when it resolves: a key goes out only after its line. */
  add(cid: string, entry: Omit<AccessEntry, 'time'> & { account: Hex }): Promise<void>
  /** The oldest first; the last line of a write that was cut off is left out. */
  read(cid: string): Promise<AccessEntry[]>
}

export function createAccessLog(folder: string): AccessLog {
  const pathOf = (cid: string) => join(folder, `${cid}.log`)
  return {
    async add(cid, entry) {
      const path = pathOf(cid)
      const isRefusal = entry.event.endsWith('refused')
      if (isRefusal && (await sizeOf(path)) > refusalsUntilBytes) return
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        await using file = await open(path, 'a', 0o600)
        await file.writeFile(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
        if (!isRefusal) await file.datasync()
      } catch (cause) {
        throw exchangeError('CATALOGUE_BROKEN', `Cannot write the access log ${path}`, { cause })
      }
    },
    async read(cid) {
      const text = await readFile(pathOf(cid), 'utf8').catch(() => '')
      return text.split('\n').flatMap((line) => {
        const parsed = entrySchema.safeParse(parseLine(line))
        return parsed.success ? [parsed.data] : []
      })
    },
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}
