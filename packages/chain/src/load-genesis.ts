import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, canonicalJson } from '@quoin/kernel'
import type { ChainErrorCode } from './errors.ts'
import { parseGenesis } from './genesis.ts'
import type { Genesis } from './genesis-schema.ts'

/**
 * The genesis of a data folder: the one that is there, else `given`, which is then kept.
 * @throws CodedError `GENESIS_MISSING`, `GENESIS_MISMATCH`, `GENESIS_INVALID`
 */
export async function loadGenesis(folder: string, given?: Genesis): Promise<Genesis> {
  const path = join(folder, 'genesis.json')
  const kept = await readIfThere(path)
  if (kept === null) {
    if (!given)
      throw new CodedError<ChainErrorCode>(
        'GENESIS_MISSING',
        `There is no chain in ${folder} yet: give a genesis to begin one`,
      )
    await writeDurably(path, `${JSON.stringify(given, null, 2)}\n`)
    return given
  }
  const genesis = parseGenesis(kept)
  if (given && canonicalJson(given) !== canonicalJson(genesis))
    throw new CodedError<ChainErrorCode>(
      'GENESIS_MISMATCH',
      `${folder} holds a chain with another genesis: use another data folder for the new one`,
    )
  return genesis
}

async function readIfThere(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CodedError<ChainErrorCode>('GENESIS_INVALID', `${path} is not JSON`, { cause })
  }
}

/** A crash leaves the whole file or none. */
async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
