import type { Hex, Logger } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type LicenceSale } from '@quoin/ledger'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { ArtifactRecord } from '../catalogue/record.ts'
import type { AccessLog } from './access-log.ts'
import { seal } from './rights-desk.ts'
import type { SettledTag } from './settled-rights.ts'

interface DeliveryParts {
  ledger: Ledger
  catalogue: Catalogue
  log: AccessLog
  logger: Logger
  /** How long a custodian leaves a sale to the owner. */
  custodianWaitMs: number
  tag: SettledTag
}

/**
 * Posts content keys to buyers whose money waits for them, for the artifacts that this node owns or is a
 * custodian of. What a sale still needs is read from the chain, so nothing is forgotten over restarts, and
 * nothing is delivered twice.
 */
export class KeyDelivery {
  readonly #parts: DeliveryParts
  /** By artifact: the next block to look at. */
  readonly #next = new Map<string, bigint>()
  readonly #waiting = new Map<string, { sale: LicenceSale; seenAtMs: number }>()

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** One look at the chain. */
  async run(signal: AbortSignal): Promise<void> {
    const { catalogue, ledger, tag } = this.#parts
    const toBlock = (await ledger.client.getBlock({ blockTag: tag })).number
    for (const record of catalogue.list()) {
      signal.throwIfAborted()
      const isOurs = record.role === 'custodian' || (record.role === 'owner' && record.transaction)
      if (record.isEncrypted && isOurs) await this.#look(record, toBlock)
    }
    for (const [key, { sale, seenAtMs }] of this.#waiting) {
      signal.throwIfAborted()
      if (await this.#tryToDeliver(sale, seenAtMs)) this.#waiting.delete(key)
    }
  }

  async #look(record: ArtifactRecord, toBlock: bigint): Promise<void> {
    const fromBlock = this.#next.get(record.cid) ?? BigInt(record.block)
    if (fromBlock > toBlock) return
    const artifact = artifactIdOf(record.cid)
    const sales = await this.#parts.ledger.licences.sales({ artifact, fromBlock, toBlock })
    for (const sale of sales)
      if (sale.keyDueAt !== null)
        this.#waiting.set(`${sale.offerId}${sale.holder}`, { sale, seenAtMs: Date.now() })
    this.#next.set(record.cid, toBlock + 1n)
  }

  /** True when there is nothing more to do. */
  async #tryToDeliver(sale: LicenceSale, seenAtMs: number): Promise<boolean> {
    const { ledger, catalogue, logger, custodianWaitMs } = this.#parts
    const record = catalogue.list().find(({ cid }) => artifactIdOf(cid) === sale.artifact)
    if (!record) return true
    if (record.role === 'custodian' && Date.now() - seenAtMs < custodianWaitMs) return false
    const right = await ledger.licences.right(sale.offerId, sale.holder)
    if (!right || right.keyDueAt === null) return true
    const offer = await ledger.licences.offer(sale.offerId)
    if (!offer?.terms.purposes.includes('download')) return true
    try {
      await this.#deliver(record, { ...sale, publicKey: right.publicKey })
      return true
    } catch (error) {
      const isLate = right.keyDueAt * 1000 < Date.now()
      logger.warn(
        { error, cid: record.cid, holder: sale.holder, isLate },
        'a key was not delivered',
      )
      return isLate
    }
  }

  async #deliver(record: ArtifactRecord, sale: LicenceSale): Promise<void> {
    const { ledger, catalogue, log, logger } = this.#parts
    const { cid } = record
    const contentKey = await catalogue.contentKey(cid)
    if (!contentKey) return
    const envelope = await seal(cid, contentKey, sale.publicKey)
    const { transactionHash } = await ledger.licences.deliverKey({
      offerId: sale.offerId,
      holder: sale.holder,
      envelope: envelopeToBytes(envelope),
    })
    await log.add(cid, {
      event: 'key-delivered',
      account: lowerCase(sale.holder),
      note: sale.offerId,
      transaction: transactionHash,
    })
    logger.info({ cid, holder: sale.holder, transactionHash }, 'content key delivered')
  }
}

function lowerCase(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase()}`
}

function envelopeToBytes(envelope: object): Hex {
  return `0x${Buffer.from(JSON.stringify(envelope)).toString('hex')}`
}
