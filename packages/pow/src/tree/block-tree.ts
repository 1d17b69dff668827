import {
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  CodedError,
  type Hex,
  hexToBytes,
} from '@quoin/kernel'
import { decodeBody, encodeBody, type PowBlock } from '../block.ts'
import type { PowErrorCode } from '../errors.ts'
import type { PowRules } from '../rules.ts'
import type { KeyValue } from './key-value.ts'
import { canonicalKey, idKey, metaKey, placeKey, placeKeyId } from './keys.ts'
import { decodeLink, encodeLink, genesisLink, type Link } from './link.ts'

/** The way from one head to another. */
export interface HeadPath {
  /** The last block that both have. */
  fork: Link
  /** Highest first. */
  removed: Link[]
  /** Lowest first. */
  added: Link[]
}

const cachedLinks = 8192
const prunedAtOnce = 16

/** Where a block is kept, but for its place on the chain. */
function keysOf({ id, height, payloadHash }: Link): Uint8Array[] {
  return [
    idKey('link', id),
    idKey('body', id),
    idKey('payload', payloadHash),
    idKey('invalid', id),
    placeKey(height, id),
  ]
}

/** Every block that was taken, side branches above the finalized height too, and which are canonical. */
export class BlockTree {
  readonly genesis: Link
  readonly #disk: KeyValue
  readonly #links = new Map<Hex, Link>()
  #head: Link
  #finalizedHeight: number
  readonly #safeDepth: number
  #safeHeight: number

  private constructor(disk: KeyValue, rules: PowRules) {
    this.#disk = disk
    this.genesis = genesisLink(rules)
    const head = disk.get(metaKey('head'))
    this.#head = head ? this.#require(bytesToHex(head)) : this.genesis
    const finalized = disk.get(metaKey('finalized'))
    this.#finalizedHeight = finalized ? this.#require(bytesToHex(finalized)).height : 0
    this.#safeDepth = rules.safeDepth
    this.#safeHeight = Math.max(this.#head.height - this.#safeDepth, this.#finalizedHeight)
  }

  /** @throws CodedError `GENESIS_MISMATCH`, `STORE_CORRUPT` */
  static async open(disk: KeyValue, rules: PowRules): Promise<BlockTree> {
    const known = disk.get(metaKey('genesis'))
    const id = hexToBytes(rules.genesisId)
    if (known && bytesToHex(known) !== rules.genesisId)
      throw new CodedError<PowErrorCode>(
        'GENESIS_MISMATCH',
        `The folder holds blocks of the genesis ${bytesToHex(known)}, but this chain's is ${rules.genesisId}: use another folder, or the genesis that this one was made with`,
      )
    if (!known) await disk.write([{ key: metaKey('genesis'), value: id }])
    return new BlockTree(disk, rules)
  }

  get head(): Link {
    return this.#head
  }

  /** Never goes back. */
  get finalizedHeight(): number {
    return this.#finalizedHeight
  }

  /**
   * By depth below the head. Goes back only when its block left the chain, not when a heavier chain has
   * fewer blocks.
   */
  get safeHeight(): number {
    return this.#safeHeight
  }

  link(id: Hex): Link | null {
    if (id === this.genesis.id) return this.genesis
    const known = this.#links.get(id)
    if (known) return known
    const bytes = this.#disk.get(idKey('link', id))
    if (!bytes) return null
    return this.#remember(decodeLink(bytes))
  }

  block(id: Hex): PowBlock | null {
    const sealed = this.link(id)?.sealed
    const bytes = this.#disk.get(idKey('body', id))
    return sealed && bytes ? { ...sealed, ...decodeBody(bytes) } : null
  }

  /** As `encodeBody` gives it. */
  encodedBody(id: Hex): Uint8Array | null {
    return this.#disk.get(idKey('body', id)) ?? null
  }

  canonicalAt(height: number): Link | null {
    if (height === 0) return this.genesis
    if (height > this.#head.height) return null
    const id = this.#disk.get(canonicalKey(height))
    return id ? this.link(bytesToHex(id)) : null
  }

  isCanonical({ id, height }: Link): boolean {
    return this.canonicalAt(height)?.id === id
  }

  byPayload(payloadHash: Hex): Link | null {
    if (payloadHash === this.genesis.payloadHash) return this.genesis
    const id = this.#disk.get(idKey('payload', payloadHash))
    return id ? this.link(bytesToHex(id)) : null
  }

  /** Whether execution found this block, or one below it, invalid. */
  isInvalid(id: Hex): boolean {
    return this.#disk.get(idKey('invalid', id)) !== undefined
  }

  /** All blocks from a height on, of all branches. */
  async from(height: number): Promise<Link[]> {
    const keys = await this.#disk.keys(placeKey(height), placeKey(Number.MAX_SAFE_INTEGER))
    return keys.map((key) => this.#require(placeKeyId(key)))
  }

  /** Keeps a checked block; it becomes nobody's head by this. */
  async put(block: PowBlock, link: Link): Promise<void> {
    const id = hexToBytes(link.id)
    await this.#disk.write([
      { key: idKey('link', link.id), value: encodeLink(link) },
      { key: idKey('body', link.id), value: encodeBody(block) },
      { key: placeKey(link.height, link.id), value: new Uint8Array() },
      { key: idKey('payload', link.payloadHash), value: id },
    ])
    this.#remember(link)
  }

  /** Of blocks that execution refuses, or that stand on such. */
  async markInvalid(links: readonly Link[], reason: string): Promise<void> {
    const value = new TextEncoder().encode(reason)
    await this.#disk.write(links.map(({ id }) => ({ key: idKey('invalid', id), value })))
  }

  /**
   * Deletes the branches that left the chain at or below the finalized height, as a whole, once some
   * blocks more are final. Execution must not be on one of them.
   */
  async pruneBranches(): Promise<void> {
    const pruned = this.#disk.get(metaKey('pruned'))
    const from = pruned ? Number(bytesToBigint(pruned)) : 0
    const to = this.#finalizedHeight
    if (to - from < prunedAtOnce) return
    const gone = new Map<Hex, Link>()
    for (const key of await this.#disk.keys(placeKey(from + 1), placeKey(to + 1))) {
      const link = this.#require(placeKeyId(key))
      if (!this.isCanonical(link)) gone.set(link.id, link)
    }
    if (gone.size > 0)
      for (const link of await this.from(to + 1))
        if (gone.has(link.parentId)) gone.set(link.id, link)
    await this.#disk.write([
      ...[...gone.values()].flatMap(keysOf).map((key) => ({ key, value: null })),
      { key: metaKey('pruned'), value: bigintToBytes(BigInt(to), 8) },
    ])
    for (const id of gone.keys()) this.#links.delete(id)
  }

  /** The way from the head to `to`, both ends excluded where they are the fork. */
  pathTo(to: Link): HeadPath {
    const added: Link[] = []
    let fork = to
    while (!this.isCanonical(fork)) {
      added.push(fork)
      fork = this.#require(fork.parentId)
    }
    const removed: Link[] = []
    for (let height = this.#head.height; height > fork.height; height--) {
      const link = this.canonicalAt(height)
      if (link) removed.push(link)
    }
    return { fork, removed, added: added.reverse() }
  }

  /** Makes the end of a path the head, durably. */
  async move({ fork, removed, added }: HeadPath, finalized: Link): Promise<void> {
    const head = added.at(-1)
    if (!head) return
    await this.#disk.write([
      ...removed.map(({ height }) => ({ key: canonicalKey(height), value: null })),
      ...added.map(({ height, id }) => ({ key: canonicalKey(height), value: hexToBytes(id) })),
      { key: metaKey('head'), value: hexToBytes(head.id) },
      ...(finalized.height > this.#finalizedHeight
        ? [{ key: metaKey('finalized'), value: hexToBytes(finalized.id) }]
        : []),
    ])
    this.#head = head
    this.#finalizedHeight = Math.max(this.#finalizedHeight, finalized.height)
    this.#safeHeight = Math.max(
      head.height - this.#safeDepth,
      Math.min(this.#safeHeight, fork.height),
      this.#finalizedHeight,
    )
  }

  #require(id: Hex): Link {
    const link = this.link(id)
    if (link) return link
    throw new CodedError<PowErrorCode>(
      'STORE_CORRUPT',
      `The store lacks the block ${id}, which another one stands on: restore the folder from a copy, or delete it to fetch all blocks again`,
    )
  }

  #remember(link: Link): Link {
    this.#links.set(link.id, link)
    if (this.#links.size > cachedLinks) {
      const oldest = this.#links.keys().next()
      if (!oldest.done) this.#links.delete(oldest.value)
    }
    return link
  }
}
