import {
  type BlobStore,
  contentKeyCommitment,
  createContentKey,
  fileSize,
  openEncryptedFile,
  type Pins,
  parseCid,
  publish,
} from '@quoin/artifacts'
import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type JobResult, type Ledger } from '@quoin/ledger'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { ArtifactRecord } from '../catalogue/record.ts'
import { exchangeError } from '../errors.ts'
import { type LocalSource, openSource, removeSource } from './source.ts'
import { mediaTypeOfName, readColumns, tableFormatOf } from './table-columns.ts'

export interface PublishOrder {
  /** A file or folder on the node's machine, or an http(s) URL. */
  source: string
  name?: string
  /** Tells the format of a file whose path does not. */
  fileName?: string
  kind?: ArtifactRecord['kind']
  mediaType?: string
  encrypt: boolean
  access: ArtifactRecord['access']
  terms: string
  /** Whether the columns of a table are told to everybody. */
  tellColumns: boolean
  /** Of a job's output: what it was made of, and the runner's word for it. */
  derived?: { parents: readonly Hex[]; job: JobResult }
}

export interface PublishProgress {
  stage: 'download' | 'check' | 'store' | 'register'
  bytes: number
  totalBytes: number | null
}

export interface PublishContext {
  folder: string
  store: BlobStore
  pins: Pins
  catalogue: Catalogue
  ledger: Ledger
  account: Hex
}

interface PublishCall {
  signal: AbortSignal | undefined
  onProgress: (progress: PublishProgress) => void
}

/**
 * Stores, pins, writes the record with its key, then registers on the chain: what is cut off before the last
 * step is finished by the same order again.
 * @throws CodedError `PUBLISH_REFUSED`, those of the store, of the table's check and of the ledger
 */
export async function publishArtifact(
  context: PublishContext,
  order: PublishOrder,
  call: PublishCall,
): Promise<ArtifactRecord> {
  const source = await openSource(order.source, { ...call, folder: `${context.folder}/incoming` })
  try {
    const record =
      unfinishedOf(context.catalogue, order, source) ??
      (await storeArtifact(context, { order, source, call }))
    if (record.transaction) return record
    call.onProgress({
      stage: 'register',
      bytes: record.storedBytes,
      totalBytes: record.storedBytes,
    })
    return await register(context, record, order.derived)
  } finally {
    await removeSource(source)
  }
}

/** What was stored but not registered when the process died. */
function unfinishedOf(
  catalogue: Catalogue,
  { encrypt, access, terms }: PublishOrder,
  { fingerprint }: LocalSource,
): ArtifactRecord | undefined {
  if (fingerprint === null) return undefined
  return catalogue
    .list()
    .find(
      (record) =>
        record.source === fingerprint &&
        record.transaction === null &&
        record.isEncrypted === encrypt &&
        record.access === access &&
        record.terms === terms,
    )
}

async function storeArtifact(
  { folder, store, pins, catalogue, ledger }: PublishContext,
  { order, source, call }: { order: PublishOrder; source: LocalSource; call: PublishCall },
): Promise<ArtifactRecord> {
  const { signal, onProgress } = call
  const fileName = order.fileName ?? source.name
  const name = order.name ?? fileName
  const mediaType = order.mediaType ?? mediaTypeOfName(fileName) ?? source.mediaType
  const format = source.isFolder ? null : tableFormatOf(mediaType, fileName)
  const kind = order.kind ?? (format ? 'data-set' : 'other')
  if (format) onProgress({ stage: 'check', bytes: 0, totalBytes: source.sizeBytes })
  const columns = format ? await readColumns(source, format, { directory: folder, signal }) : null
  const contentKey = order.encrypt ? createContentKey() : undefined
  const totalBytes = source.isFolder ? null : source.sizeBytes
  const { root, packing, storedBytes } = await publish(source.path, {
    store,
    pins,
    note: name,
    ...(contentKey && { contentKey }),
    ...(signal && { signal }),
    onProgress: ({ bytes }) => onProgress({ stage: 'store', bytes, totalBytes }),
  })
  const cid = root.toString()
  const known = catalogue.find(cid)
  if (known) return known
  const before = catalogue.list().findLast((one) => one.name === name && one.role === 'owner')
  const sizeBytes = contentKey
    ? (await openEncryptedFile(root, store, { contentKey })).sizeBytes
    : source.isFolder
      ? storedBytes
      : await fileSize(root, store)
  const record: ArtifactRecord = {
    format: 'quoin/artifact-record/1',
    ...{ cid, name, kind, mediaType, packing, sizeBytes, storedBytes },
    isEncrypted: order.encrypt,
    access: order.access,
    columns: order.tellColumns ? columns : null,
    terms: order.terms,
    version: (before?.version ?? 0) + 1,
    replaces: before?.cid ?? null,
    commitment: contentKey ? contentKeyCommitment(contentKey) : null,
    role: 'owner',
    origin: source.isTemporary ? order.source : null,
    source: source.fingerprint,
    createdAt: new Date().toISOString(),
    transaction: null,
    block: Number(await ledger.blockNumber()),
  }
  await catalogue.put(record, contentKey)
  return record
}

async function register(
  { catalogue, ledger, account }: PublishContext,
  record: ArtifactRecord,
  derived: PublishOrder['derived'],
): Promise<ArtifactRecord> {
  const { cid, kind, terms } = record
  const known = await ledger.registry.artifact(artifactIdOf(parseCid(cid).toString()))
  if (known && known.owner.toLowerCase() !== account)
    throw exchangeError(
      'PUBLISH_REFUSED',
      `${cid} is on the chain already, published by ${known.owner}: the same bytes can have one owner`,
    )
  // Cut off between the chain and the record: the chain's word is enough.
  const transaction = known
    ? await transactionOf(ledger, known.id, record)
    : (
        await (derived
          ? ledger.registry.publishDerived({ cid, kind, terms, ...derived })
          : ledger.registry.publishArtifact({ cid, kind, terms }))
      ).transactionHash
  const registered = { ...record, transaction }
  await catalogue.put(registered)
  return registered
}

async function transactionOf(ledger: Ledger, artifact: Hex, record: ArtifactRecord): Promise<Hex> {
  const logs = await ledger.client.getLogs({
    address: ledger.addresses.registry,
    fromBlock: BigInt(record.block),
  })
  const found = logs.find(({ topics }) => topics.some((topic) => topic === artifact))
  return found?.transactionHash ?? artifact
}
