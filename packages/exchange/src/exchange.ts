import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  answerChallenge,
  type BlobStore,
  exportCar,
  type FetchProgress,
  type KeyEnvelope,
  openFolderStore,
  openPins,
  type Pins,
  parseCid,
  retrieve,
} from '@quoin/artifacts'
import { bytesToHex, type Hex, type Logger, Scope, silentLogger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { artifactIdOf, type Ledger, type Purpose } from '@quoin/ledger'
import { privateKeyToAccount } from 'viem/accounts'
import { type AccessEntry, createAccessLog } from './access/access-log.ts'
import { type ArtifactDescription, Descriptions } from './access/description.ts'
import { KeyDelivery } from './access/key-delivery.ts'
import { type AccessGrant, RightsDesk } from './access/rights-desk.ts'
import type { SettledTag } from './access/settled-rights.ts'
import { RequestCheck, type SignedRequest } from './access/signed-request.ts'
import { type Catalogue, openCatalogue } from './catalogue/catalogue.ts'
import { MemberBlocks } from './catalogue/member-blocks.ts'
import type { ArtifactRecord } from './catalogue/record.ts'
import { removeArtifact } from './catalogue/remove-artifact.ts'
import { createVault } from './catalogue/vault.ts'
import { exchangeError } from './errors.ts'
import { type KeepOrder, keepArtifact } from './fetch/keep-artifact.ts'
import { actOnLicences, type LicenceActed, type LicenceAction } from './licences/act.ts'
import { type Collection, Collector } from './publishing/collector.ts'
import {
  type PublishOrder,
  type PublishProgress,
  publishArtifact,
} from './publishing/publish-artifact.ts'

export interface ExchangeOptions {
  /** Holds `artifacts` (blocks and pins) and `catalogue` (records, sealed keys, access logs). */
  dataDir: string
  /** Its account is that of `providerKey`. It stays open when the exchange closes. */
  ledger: Ledger
  providerKey: Uint8Array
  /** Between looks for sales, 2 s; and how long a custodian leaves one to the owner, 30 s. */
  pollMs?: number
  custodianWaitMs?: number
  /** `safe` on a chain whose last blocks can be undone: keys go out for what is settled. Default `latest`. */
  settledTag?: SettledTag
  logger?: Logger
}

interface Call<P> {
  signal?: AbortSignal
  onProgress?: (progress: P) => void
}

/** A node's artifacts: what it published, keeps for others, and gives to whom. */
export interface Exchange extends AsyncDisposable {
  readonly account: Hex
  publish(order: PublishOrder, call?: Call<PublishProgress>): Promise<ArtifactRecord>
  /** Fetches another's artifact, to serve it too; as a custodian of it with its key. */
  keep(order: KeepOrder, call?: Call<FetchProgress>): Promise<ArtifactRecord>
  /** Looks at a source again and again, and publishes what changed as the next version of a name. */
  collect(order: Pick<Collection, 'name' | 'everySeconds' | 'order'>): Promise<Collection>
  collections(): Collection[]
  /** False where there is none of that name. */
  stopCollecting(name: string): Promise<boolean>
  list(): ArtifactRecord[]
  /** @throws CodedError `ARTIFACT_UNKNOWN` */
  get(cid: string): ArtifactRecord
  describe(cid: string): Promise<ArtifactDescription>
  /** @throws CodedError `RIGHT_MISSING`, `ARTIFACT_UNKNOWN` for a block that is none of the artifact's */
  block(cid: string, block: string, token: string | null): Promise<Uint8Array>
  archive(cid: string, token: string | null): Promise<AsyncIterable<Uint8Array>>
  answerChallenge(
    cid: string,
    challenge: { seed: Uint8Array; count: number },
    token: string | null,
  ): Promise<AsyncIterable<Uint8Array>>
  giveAccess(cid: string, request: SignedRequest): Promise<AccessGrant>
  giveKey(cid: string, request: SignedRequest): Promise<KeyEnvelope>
  accessLog(cid: string): Promise<AccessEntry[]>
  /** Writes the content, decrypted, to a path that must not exist: for this node's own work. */
  retrieve(cid: string, target: string, call?: { signal?: AbortSignal }): Promise<void>
  /**
   * Serves it no more, and frees its place on the disk. What was sold is not delivered any more.
   * @throws CodedError `PUBLISH_REFUSED` while licences to an own artifact are on offer
   */
  remove(cid: string): Promise<{ freedBytes: number }>
  /** Offers, closes, revokes, names custodians, from the node's account. */
  act(action: LicenceAction): Promise<LicenceActed>
  /** Whether the chain lets an account do this with it. */
  hasRight(account: Hex, cid: string, purpose: Purpose): Promise<boolean>
}

/** @throws CodedError `CATALOGUE_BROKEN`; ArtifactError `STORE_UNUSABLE` */
export async function openExchange(options: ExchangeOptions): Promise<Exchange> {
  const { dataDir, ledger, providerKey, pollMs = 2000, custodianWaitMs = 30_000 } = options
  const { settledTag: tag = 'latest' } = options
  const logger = (options.logger ?? silentLogger).child({ module: 'exchange' })
  const folder = join(dataDir, 'catalogue')
  const catalogue = await openCatalogue(folder, createVault(providerKey))
  const { store, pins } = await openArtifactStore(dataDir)
  const account = privateKeyToAddress(providerKey)
  const log = createAccessLog(folder)
  const descriptions = new Descriptions({ ledger, node: account })
  const check = new RequestCheck({ chainId: ledger.chainId, node: account })
  const desk = new RightsDesk({ ledger, catalogue, log, check, tag })
  const scope = new Scope()
  const delivery = new KeyDelivery({ ledger, catalogue, log, logger, custodianWaitMs, tag })
  const signer = privateKeyToAccount(bytesToHex(providerKey))
  const parts = { folder: dataDir, store, pins, catalogue, ledger, account }
  const collector = await Collector.open(parts, logger)
  const { signal: ending } = scope
  const forEver = (what: string, run: (signal: AbortSignal) => Promise<void>) =>
    repeat(run, { pollMs, signal: ending, failed: (error) => logger.warn({ error }, what) })
  const working = [
    forEver('the chain was not asked for sales', (signal) => delivery.run(signal)),
    forEver('sources were not collected', (signal) => collector.run(signal)),
  ]
  scope.defer(() => Promise.all(working).then(() => {}))
  return {
    account,
    ...servingOf({ store, catalogue, desk }),
    publish: (order, { signal, onProgress = () => {} } = {}) =>
      publishArtifact(parts, order, { signal, onProgress }),
    keep: (order, call = {}) =>
      keepArtifact({ ...parts, holder: { signer, privateKey: providerKey } }, order, call),
    collect: (order) => collector.add(order),
    collections: () => collector.list(),
    stopCollecting: (name) => collector.remove(name),
    list: () => catalogue.list(),
    get: (cid) => requireRecord(catalogue, cid),
    describe: async (cid) => descriptions.of(requireRecord(catalogue, cid)),
    giveAccess: async (cid, request) => desk.giveAccess(requireRecord(catalogue, cid), request),
    giveKey: async (cid, request) => desk.giveKey(requireRecord(catalogue, cid), request),
    accessLog: async (cid) => log.read(requireRecord(catalogue, cid).cid),
    async retrieve(cid, target, { signal } = {}) {
      const record = requireRecord(catalogue, cid)
      const contentKey = record.isEncrypted ? await catalogue.contentKey(record.cid) : null
      if (record.isEncrypted && !contentKey)
        throw exchangeError('KEY_UNAVAILABLE', `This node keeps ${cid} but cannot read it`)
      await retrieve(parseCid(record.cid), target, {
        blocks: store,
        packing: record.packing,
        ...(contentKey && { contentKey }),
        ...(signal && { signal }),
      })
    },
    remove: (cid) => removeArtifact({ store, pins, catalogue, ledger }, cid),
    async act(action) {
      try {
        return await actOnLicences({ ledger, catalogue }, action)
      } finally {
        descriptions.clear()
      }
    },
    hasRight: (holder, cid, purpose) =>
      ledger.licences.hasRight(holder, artifactIdOf(cid), purpose),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

/** The store of a data folder; several processes may use it at once. */
export async function openArtifactStore(
  dataDir: string,
): Promise<{ store: BlobStore; pins: Pins }> {
  const folder = join(dataDir, 'artifacts')
  return { store: await openFolderStore(folder), pins: await openPins(folder) }
}

function servingOf({
  store,
  catalogue,
  desk,
}: {
  store: BlobStore
  catalogue: Catalogue
  desk: RightsDesk
}): Pick<Exchange, 'block' | 'archive' | 'answerChallenge'> {
  const members = new MemberBlocks(store)
  const readable = async (cid: string, token: string | null) => {
    const record = requireRecord(catalogue, cid)
    await desk.requireRead(record, token)
    return parseCid(record.cid)
  }
  return {
    async block(cid, block, token) {
      const root = await readable(cid, token)
      const wanted = parseCid(block)
      if (!(await members.has(root, wanted)))
        throw exchangeError('ARTIFACT_UNKNOWN', `${block} is no block of ${cid}`)
      return store.get(wanted)
    },
    archive: async (cid, token) => exportCar(await readable(cid, token), store),
    answerChallenge: async (cid, { seed, count }, token) =>
      answerChallenge({ root: await readable(cid, token), seed, count }, store),
  }
}

function requireRecord(catalogue: Catalogue, cid: string): ArtifactRecord {
  const record = catalogue.find(parseCid(cid).toString())
  if (record) return record
  throw exchangeError('ARTIFACT_UNKNOWN', `This node does not have ${cid}`)
}

async function repeat(
  run: (signal: AbortSignal) => Promise<void>,
  {
    pollMs,
    signal,
    failed,
  }: { pollMs: number; signal: AbortSignal; failed: (error: unknown) => void },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await run(signal)
    } catch (error) {
      if (!signal.aborted) failed(error)
    }
    await delay(pollMs, undefined, { signal }).catch(() => {})
  }
}
