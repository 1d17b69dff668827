import type { Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import type { PeerId } from '../transport.ts'

/** A block that came, from whom, and how large it was. */
export interface Waiting {
  block: PowBlock
  from: PeerId
  sizeBytes: number
}

export interface WaitingLimits {
  count?: number
  perPeer?: number
  sizeBytes?: number
}

/** Blocks whose parent is not known yet: bounded in number, in bytes, and for each peer. */
export class WaitingBlocks {
  readonly #blocks = new Map<Hex, Waiting>()
  readonly #limits: Required<WaitingLimits>
  #sizeBytes = 0

  constructor({ count = 128, perPeer = 32, sizeBytes = 32 << 20 }: WaitingLimits = {}) {
    this.#limits = { count, perPeer, sizeBytes }
  }

  get size(): number {
    return this.#blocks.size
  }

  /** When there is no room the oldest goes, of the same peer first. */
  add(waiting: Waiting): void {
    const { block, from, sizeBytes } = waiting
    if (this.#blocks.has(block.id)) return
    const own = [...this.#blocks.values()].filter((each) => each.from === from)
    if (own.length >= this.#limits.perPeer && own[0]) this.#remove(own[0])
    this.#blocks.set(block.id, waiting)
    this.#sizeBytes += sizeBytes
    for (const oldest of [...this.#blocks.values()]) {
      const fits =
        this.#blocks.size <= this.#limits.count && this.#sizeBytes <= this.#limits.sizeBytes
      if (fits) return
      this.#remove(oldest)
    }
  }

  /** Those that waited for this block. */
  takeChildren(parentId: Hex): Waiting[] {
    const children = [...this.#blocks.values()].filter(
      ({ block }) => block.header.parentId === parentId,
    )
    for (const child of children) this.#remove(child)
    return children
  }

  forgetPeer(peer: PeerId): void {
    for (const each of [...this.#blocks.values()]) if (each.from === peer) this.#remove(each)
  }

  #remove({ block, sizeBytes }: Waiting): void {
    if (this.#blocks.delete(block.id)) this.#sizeBytes -= sizeBytes
  }
}
