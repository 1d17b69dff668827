import { randomBytes } from 'node:crypto'
import { type KeyEnvelope, parseCid, sealContentKey } from '@quoin/artifacts'
import type { Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { ArtifactRecord } from '../catalogue/record.ts'
import { exchangeError } from '../errors.ts'
import type { AccessLog } from './access-log.ts'
import { rightMissing } from './how-to-get-a-right.ts'
import { recipientOf } from './licence-key.ts'
import { mayDownload, type SettledTag } from './settled-rights.ts'
import type { RequestCheck, SignedRequest } from './signed-request.ts'

/** Lets its holder read an artifact's blocks for a while. */
export interface AccessGrant {
  token: string
  /** Seconds since 1970. */
  expiresAt: number
}

const grantSeconds = 900
const recheckMs = 15_000
const maxGrants = 10_000

interface Grant {
  cid: string
  account: Hex
  expiresAtMs: number
  checkedAtMs: number
}

/** Decides who gets keys and blocks, by the rights on the chain. */
export class RightsDesk {
  readonly #ledger: Ledger
  readonly #catalogue: Catalogue
  readonly #log: AccessLog
  readonly #check: RequestCheck
  readonly #tag: SettledTag
  readonly #grants = new Map<string, Grant>()

  constructor(parts: {
    ledger: Ledger
    catalogue: Catalogue
    log: AccessLog
    check: RequestCheck
    tag: SettledTag
  }) {
    this.#ledger = parts.ledger
    this.#catalogue = parts.catalogue
    this.#log = parts.log
    this.#check = parts.check
    this.#tag = parts.tag
  }

  /**
   * The content key for the holder of a right to download, or for a custodian.
   * @throws CodedError `REQUEST_REFUSED`, `RIGHT_MISSING`, `KEY_UNAVAILABLE`
   */
  async giveKey(record: ArtifactRecord, request: SignedRequest): Promise<KeyEnvelope> {
    const { cid } = record
    this.#check.take(request, 'key', cid)
    await this.#require(record, request.account, 'key-refused')
    const contentKey = await this.#catalogue.contentKey(cid)
    if (!contentKey)
      throw exchangeError(
        'KEY_UNAVAILABLE',
        `This node has no content key of ${cid}: ask its owner`,
      )
    const envelope = await seal(cid, contentKey, request.publicKey)
    await this.#log.add(cid, { event: 'key-given', account: request.account })
    return envelope
  }

  /** @throws CodedError `REQUEST_REFUSED`, `RIGHT_MISSING` */
  async giveAccess(record: ArtifactRecord, request: SignedRequest): Promise<AccessGrant> {
    const { cid } = record
    this.#check.take(request, 'blocks', cid)
    await this.#require(record, request.account, 'access-refused')
    const token = randomBytes(32).toString('base64url')
    const now = Date.now()
    const [oldest] = this.#grants.keys()
    if (this.#grants.size >= maxGrants && oldest !== undefined) this.#grants.delete(oldest)
    const expiresAtMs = now + grantSeconds * 1000
    this.#grants.set(token, { cid, account: request.account, expiresAtMs, checkedAtMs: now })
    await this.#log.add(cid, { event: 'access-given', account: request.account })
    return { token, expiresAt: Math.floor(expiresAtMs / 1000) }
  }

  /**
   * Passes whoever may read the blocks: anyone, where they are ciphertext or open to all.
   * @throws CodedError `RIGHT_MISSING`
   */
  async requireRead(record: ArtifactRecord, token: string | null): Promise<void> {
    if (record.isEncrypted || record.access === 'open') return
    const grant = token === null ? undefined : this.#grants.get(token)
    if (!grant || grant.cid !== record.cid || grant.expiresAtMs <= Date.now())
      throw await rightMissing(this.#ledger, record.cid, null)
    if (Date.now() - grant.checkedAtMs < recheckMs) return
    grant.checkedAtMs = Date.now()
    if (await this.#mayRead(grant.account, record)) return
    this.#grants.delete(token ?? '')
    throw await rightMissing(this.#ledger, record.cid, grant.account)
  }

  async #require(
    record: ArtifactRecord,
    account: Hex,
    event: 'key-refused' | 'access-refused',
  ): Promise<void> {
    if (await this.#mayRead(account, record)) return
    await this.#log.add(record.cid, { event, account, note: 'no right to download' })
    throw await rightMissing(this.#ledger, record.cid, account)
  }

  #mayRead(account: Hex, { cid }: ArtifactRecord): Promise<boolean> {
    return mayDownload(this.#ledger, { account, cid, tag: this.#tag })
  }
}

/** @throws ArtifactError `INVALID_KEY` for 32 bytes that are no key */
export function seal(cid: string, contentKey: Uint8Array, publicKey: Hex): Promise<KeyEnvelope> {
  return sealContentKey({ root: parseCid(cid), contentKey, recipient: recipientOf(publicKey) })
}
