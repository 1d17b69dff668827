import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@quoin/kernel'
import type { ChainErrorCode } from './errors.ts'

/** Files and folders of the parts of a node. */
export interface DataPaths {
  /** Decided blocks of a BFT chain, or all blocks of a proof-of-work chain. */
  blocks: string
  wal: string
  signGuard: string
  evidence: string
  validatorSets: string
  execution: string
}

/** Makes what is missing of a chain's folder. */
export async function prepareDataFolder(folder: string): Promise<DataPaths> {
  const consensus = join(folder, 'consensus')
  await mkdir(consensus, { recursive: true })
  return {
    blocks: join(consensus, 'blocks'),
    wal: join(consensus, 'wal'),
    signGuard: join(consensus, 'sign-guard'),
    evidence: join(consensus, 'evidence'),
    validatorSets: join(consensus, 'validator-sets'),
    execution: join(folder, 'execution'),
  }
}

/** A store, and with it the folder around it, held by this process alone. */
export interface Held<Store> extends AsyncDisposable {
  readonly store: Store
}

/**
 * Takes a data folder. The lock is the one that LevelDB takes on the block store: the kernel drops it
 * when the process dies, however it dies, so it is never stale. A note beside it names the holder.
 * @throws CodedError `DATA_FOLDER_IN_USE` naming the process that has it
 */
export async function holdDataFolder<Store extends AsyncDisposable>(
  folder: string,
  openBlocks: () => Promise<Store>,
): Promise<Held<Store>> {
  const note = join(folder, 'node.pid')
  const store = await openBlocks().catch(async (error) => {
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
    store,
    async [Symbol.asyncDispose]() {
      await rm(note, { force: true })
      await store[Symbol.asyncDispose]()
    },
  }
}

async function readHolder(note: string): Promise<number | null> {
  const text = await readFile(note, 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return Number.isSafeInteger(pid) ? pid : null
}
