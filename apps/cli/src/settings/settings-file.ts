import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cliError } from '../exit-codes.ts'
import type { Sources } from './resolve.ts'

const Members = z.record(z.string(), z.unknown())

/**
 * quoin.json in the data folder; null when there is none.
 * @throws CodedError `CONFIG_INVALID` when it is not a JSON object.
 */
export async function readSettingsFile(dataDir: string): Promise<Sources['file']> {
  const path = join(dataDir, 'quoin.json')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    return { path, values: Members.parse(JSON.parse(text)) }
  } catch (cause) {
    throw cliError('CONFIG_INVALID', `${path} is not a JSON object`, { cause })
  }
}
