import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Reads a file that only its owner may read, or makes it first: whole and durable, or not at all. */
export async function readOrCreate(path: string, create: () => Promise<string>): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const content = await create()
  const temporary = `${path}.new`
  await using file = await open(temporary, 'w', 0o600)
  await file.writeFile(content)
  await file.sync()
  await rename(temporary, path)
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
  return content
}
