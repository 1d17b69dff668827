import { open, readFile, rm } from 'node:fs/promises'
import { cliError } from '../exit-codes.ts'
import { identify, isAlive, ProcessIdentity } from './process-identity.ts'

/**
 * Holds a file for a command that changes what the folder holds; a command that was killed leaves it stale,
 * and the next one takes it over.
 * @throws CodedError `NETWORK_BUSY` naming the process that has it
 */
export async function takeLock(path: string): Promise<AsyncDisposable> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await using file = await open(path, 'wx', 0o600)
      await file.writeFile(JSON.stringify(identify(process.pid)))
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = await readHolder(path)
    if (holder && isAlive(holder))
      throw cliError(
        'NETWORK_BUSY',
        `Another command (process ${holder.pid}) is changing this network: wait until it has ended`,
      )
    await rm(path, { force: true })
  }
  throw cliError('NETWORK_BUSY', `${path} cannot be taken: another command is just starting`)
}

async function readHolder(path: string): Promise<ProcessIdentity | null> {
  try {
    return ProcessIdentity.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}
