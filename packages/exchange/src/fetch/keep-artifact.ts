import { type BlobStore, type FetchProgress, type Pins, parseCid } from '@quoin/artifacts'
import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger } from '@quoin/ledger'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { ArtifactRecord } from '../catalogue/record.ts'
import { fetchArtifact, type Holder } from './fetch-artifact.ts'

export interface KeepOrder {
  cid: string
  /** The node to fetch from; without it the owner's. */
  from?: string
}

interface KeepContext {
  store: BlobStore
  pins: Pins
  catalogue: Catalogue
  ledger: Ledger
  account: Hex
  holder: Holder
}

/**
 * Takes a copy of another's artifact to serve it too. A custodian gets the content key with it and delivers
 * it for the owner; others keep ciphertext that they cannot read.
 */
export async function keepArtifact(
  context: KeepContext,
  order: KeepOrder,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: FetchProgress) => void },
): Promise<ArtifactRecord> {
  const { ledger, catalogue, account } = context
  const cid = parseCid(order.cid).toString()
  const known = catalogue.find(cid)
  if (known?.role === 'owner') return known
  const isCustodian = await ledger.licences.isCustodian(artifactIdOf(cid), account)
  const options = {
    ...context,
    ...(order.from !== undefined && { nodes: [order.from] }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  }
  const wants = isCustodian ? 'content' : 'ciphertext'
  const { description, contentKey } = await fetchArtifact(cid, { ...options, wants })
  const { node: _node, role: _role, offers: _offers, createdAt: _created, ...facts } = description
  const record: ArtifactRecord = {
    ...facts,
    cid,
    format: 'quoin/artifact-record/1',
    role: isCustodian ? 'custodian' : 'copy',
    origin: order.from ?? null,
    source: null,
    createdAt: new Date().toISOString(),
    transaction: null,
    block: 0,
  }
  await catalogue.put(record, contentKey ?? undefined)
  return record
}
