import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCid, retrieve } from '@quoin/artifacts'
import {
  type FetchedArtifact,
  fetchArtifact,
  type Holder,
  openArtifactStore,
} from '@quoin/exchange'
import { bytesToHex, Scope } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import { privateKeyToAccount } from 'viem/accounts'
import type { Context } from '../context.ts'
import { describeBytes, progressLine } from '../output/progress-bar.ts'
import { openAccountKey } from './consumer.ts'
import { findRpcUrl } from './endpoints.ts'
import { openLedger } from './open-ledger.ts'

/** Who reads data from this command line, and where what it fetched is kept. */
export interface DataHolder extends AsyncDisposable {
  holder: Holder
  ledger: Ledger
  dataDir: string
}

/**
 * Without --account, what the node of the data folder has itself is read with that node's own key, and
 * everything else with the development account.
 */
export async function openDataHolder(context: Context, cid: string | null): Promise<DataHolder> {
  const { values: settings } = await context.settings()
  const { dataDir } = settings
  const isOwn = settings.account === undefined && cid !== null && (await hasRecord(dataDir, cid))
  const privateKey = isOwn ? await openProviderKey(context, dataDir) : await openAccountKey(context)
  const signer = privateKeyToAccount(bytesToHex(privateKey))
  const scope = new Scope()
  const ledger = scope.own(await openLedger(await findRpcUrl(settings), signer))
  return {
    holder: { signer, privateKey },
    ledger,
    dataDir,
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

async function hasRecord(dataDir: string, cid: string): Promise<boolean> {
  try {
    await access(join(dataDir, 'catalogue', `${parseCid(cid)}.json`))
    return true
  } catch {
    return false
  }
}

async function openProviderKey(context: Context, dataDir: string): Promise<Uint8Array> {
  const { openNodeKeys } = await import('@quoin/node/setup')
  return (await openNodeKeys(dataDir, context.env.QUOIN_NODE_PASSWORD)).provider
}

export interface FetchFlags {
  from?: string
  wants?: 'content' | 'ciphertext'
}

/** Fetches into the data folder's store, telling how far it is. */
export async function fetchHere(
  context: Context,
  { holder, ledger, dataDir }: DataHolder,
  cid: string,
  { from, wants }: FetchFlags = {},
) {
  const { store, pins } = await openArtifactStore(dataDir)
  const { terminal, signal } = context
  const fetched = await fetchArtifact(parseCid(cid).toString(), {
    ...{ ledger, store, pins, holder, signal },
    ...(from !== undefined && { nodes: [from] }),
    ...(wants && { wants }),
    onProgress: ({ bytes, fetchedBytes, totalBytes }) => {
      const what = `Fetching ${describeBytes(fetchedBytes)}`
      terminal.progress(progressLine(what, Math.max(bytes, fetchedBytes), totalBytes))
    },
  })
  terminal.progress(null)
  return { ...fetched, store }
}

/** Writes the content, decrypted, to a path that must not exist. */
export async function writeContent(
  context: Context,
  { description, contentKey, store }: FetchedArtifact & Awaited<ReturnType<typeof fetchHere>>,
  target: string,
): Promise<void> {
  const { terminal, signal } = context
  await retrieve(parseCid(description.cid), target, {
    ...{ blocks: store, packing: description.packing, signal },
    ...(contentKey && { contentKey }),
    onProgress: ({ bytes }) =>
      terminal.progress(progressLine('Writing', bytes, description.sizeBytes)),
  })
  terminal.progress(null)
}
