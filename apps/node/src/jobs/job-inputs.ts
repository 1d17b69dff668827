import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCid, retrieve } from '@quoin/artifacts'
import { type Exchange, fetchArtifact, type Holder, openArtifactStore } from '@quoin/exchange'
import type { Job } from '@quoin/jobs'
import { CodedError } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'

export interface InputContext {
  dataDir: string
  ledger: Ledger
  exchange: Exchange
  /** This node, as it fetches what it has a right to. */
  holder: Holder
}

/**
 * Brings a job's inputs, decrypted, into a folder of its own: from this node's artifacts, else from the nodes of
 * their owners, with the right to download that this node's account has.
 * @throws CodedError `RIGHT_MISSING`, `NODE_UNREACHABLE` and others of the exchange
 */
export async function bringInputs(
  context: InputContext,
  job: Job,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<Record<string, string>> {
  const target = join(folder, 'inputs')
  // What an attempt before left may be half.
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true, mode: 0o700 })
  const paths: Record<string, string> = {}
  for (const { name, cid } of job.inputs) {
    const path = join(target, name)
    await bring(context, cid, { path, signal })
    paths[name] = path
  }
  return paths
}

async function bring(
  { dataDir, ledger, exchange, holder }: InputContext,
  cid: string,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<void> {
  if (canRead(exchange, cid)) return exchange.retrieve(cid, path, { signal })
  const { store, pins } = await openArtifactStore(dataDir)
  const { description, contentKey } = await fetchArtifact(cid, {
    ...{ ledger, store, pins, holder, signal },
  })
  const { packing } = description
  await retrieve(parseCid(cid), path, {
    ...{ blocks: store, packing, signal },
    ...(contentKey && { contentKey }),
  })
}

/** Whether the node has it with its key: a mere copy of ciphertext is not read. */
export function canRead(exchange: Exchange, cid: string): boolean {
  try {
    const { isEncrypted, role } = exchange.get(cid)
    return !isEncrypted || role !== 'copy'
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ARTIFACT_UNKNOWN') return false
    throw error
  }
}
