import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exchangeError } from '../errors.ts'

/** Writes a file whole and durably, or not at all; only its owner may read it. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.new`)
  try {
    {
      await using file = await open(temporary, 'wx', 0o600)
      await file.writeFile(content)
      await file.sync()
    }
    await rename(temporary, path)
    await using folder = await open(dirname(path), 'r')
    await folder.sync()
  } catch (cause) {
    await rm(temporary, { force: true })
    throw exchangeError('CATALOGUE_BROKEN', `Cannot write ${path}: is the disk full?`, { cause })
  }
}
