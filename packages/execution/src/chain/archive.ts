import type { Hex } from '@quoin/kernel'
import { decodeBlock } from '../codec/block.ts'
import { decodeHeader } from '../codec/header.ts'
import { completeReceipts, decodeCores, encodeReceipt } from '../codec/receipt.ts'
import { asList, decodeRlpList } from '../codec/rlp.ts'
import type { Block, Header, Receipt } from '../interface.ts'
import { blobBaseFee } from './fees.ts'
import type { ForkSchedule } from './forks.ts'
import type { Store } from './store.ts'

/** Decoded blocks, of which the latest used stay in memory. */
export class Archive {
  readonly #store: Store
  readonly #forks: ForkSchedule
  readonly #blocks = new Map<Hex, { block: Block; receipts: Receipt[] | null }>()
  readonly #headers = new Map<Hex, Header>()

  constructor(store: Store, forks: ForkSchedule) {
    this.#store = store
    this.#forks = forks
  }

  /** Spares reading what was just written. */
  remember(block: Block, receipts: Receipt[]): void {
    this.#keep(block, receipts)
    this.#keepHeader(block.header)
  }

  header(hash: Hex): Header | null {
    const known = this.#headers.get(hash)
    if (known !== undefined) return known
    const encoded = this.#store.header(hash)
    if (encoded === undefined) return null
    const header = decodeHeader(asList(decodeRlpList(encoded)))
    this.#keepHeader(header)
    return header
  }

  block(hash: Hex): Block | null {
    const known = this.#blocks.get(hash)
    if (known !== undefined) return known.block
    const encoded = this.#store.block(hash)
    if (encoded === undefined) return null
    const { block } = decodeBlock(encoded, this.#store.senders(hash))
    this.#keep(block, null)
    return block
  }

  receipts(hash: Hex): Receipt[] | null {
    const block = this.block(hash)
    if (block === null) return null
    const known = this.#blocks.get(hash)?.receipts
    if (known) return known
    const encoded = this.#store.receipts(hash)
    if (encoded === undefined) return null
    const { header, transactions } = block
    const rules = this.#forks.rulesAt(header.number, header.timestamp)
    const blobPrice = rules.cancun ? blobBaseFee(header.excessBlobGas, rules) : null
    const receipts = completeReceipts(header, transactions, decodeCores(encoded), blobPrice)
    this.#keep(block, receipts)
    return receipts
  }

  rawReceipts(hash: Hex): Uint8Array[] | null {
    return this.receipts(hash)?.map((receipt) => encodeReceipt(receipt.type, receipt)) ?? null
  }

  rawBlock(hash: Hex): Uint8Array | null {
    return this.#store.block(hash) ?? null
  }

  rawHeader(hash: Hex): Uint8Array | null {
    return this.#store.header(hash) ?? null
  }

  /** For a block that is no longer stored. */
  forget(hash: Hex): void {
    this.#blocks.delete(hash)
  }

  #keep(block: Block, receipts: Receipt[] | null): void {
    this.#blocks.delete(block.header.hash)
    this.#blocks.set(block.header.hash, { block, receipts })
    if (this.#blocks.size > 128) dropOldest(this.#blocks)
  }

  #keepHeader(header: Header): void {
    this.#headers.set(header.hash, header)
    if (this.#headers.size > 2048) dropOldest(this.#headers)
  }
}

function dropOldest(map: Map<Hex, unknown>): void {
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
