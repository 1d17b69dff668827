import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlockStore, openBlockStore } from '@quoin/consensus'
import { CodedError } from '@quoin/kernel'
import type { ChainErrorCode } from './errors.ts'

/** A chain's folder, held by this process alone. */
export interface DataFolder extends AsyncDisposable {
  readonly blocks: BlockStore
  /** Files and folders of the parts of a node. */
  readonly paths: { wal: string; signGuard: string; validatorSets: string; execution: string }
}

/**
 * Takes a data folder. The lock is the one that LevelDB takes on the block store: the kernel drops it
 * when the process dies, however it dies, so it is never stale. A note beside it names the holder.
 * @throws CodedError `DATA_FOLDER_IN_USE` naming the process that has it
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const consensus = join(folder, 'consensus')
  const note = join(folder, 'node.pid')
  await mkdir(consensus, { recursive: true })
  const blocks = await openBlockStore(join(consensus, 'blocks')).catch(async (error) => {
    if (!(error instanceof CodedError) || error.code !== 'STORE_LOCKED') throw error
    const holder = await readHolder(note)
    throw new CodedError<ChainErrorCode>(
      'DATA_FOLDER_IN_USE',
      `A node already runs on ${folder}${holder ? ` (process ${holder})` : ''}: stop it first, or choose another data folder`,
      { cause: error, detail: { folder, pid: holder } },
    )
  })
  await writeFile(note, `${process.pid}\n`)
  return {
    blocks,
    paths: {
      wal: join(consensus, 'wal'),
      signGuard: join(consensus, 'sign-guard'),
      validatorSets: join(consensus, 'validator-sets'),
      execution: join(folder, 'execution'),
    },
    async [Symbol.asyncDispose]() {
      await rm(note, { force: true })
      await blocks[Symbol.asyncDispose]()
    },
  }
}

async function readHolder(note: string): Promise<number | null> {
  const text = await readFile(note, 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return Number.isSafeInteger(pid) ? pid : null
}
