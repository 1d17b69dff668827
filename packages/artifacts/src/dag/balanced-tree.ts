import type { Block } from './cid.ts'
import { encodeFileNode, type Link } from './encode-node.ts'
import { profile } from './profile.ts'

/**
 * Grows the balanced layout from leaves as they come: all leaves at the same depth, at most 1024 links a
 * node. Holds one unfinished node per level, so a file of any size needs a few hundred kilobytes.
 */
export class BalancedTree {
  readonly #levels: Link[][] = [[]]
  readonly #write: (block: Block) => Promise<void>

  constructor(write: (block: Block) => Promise<void>) {
    this.#write = write
  }

  async add(leaf: Link): Promise<void> {
    await this.#put(0, leaf)
  }

  /** The root; call it once, after the last leaf, with at least one leaf added. */
  async finish(): Promise<Link> {
    for (let level = 0; ; level++) {
      const pending = this.#levels[level] ?? []
      const isTop = level === this.#levels.length - 1
      if (isTop && pending.length === 1 && pending[0]) return pending[0]
      if (pending.length > 0) await this.#close(level)
    }
  }

  /** A full node is closed only when another link comes, so that a full root stays the root. */
  async #put(level: number, link: Link): Promise<void> {
    if ((this.#levels[level]?.length ?? 0) === profile.maxLinks) await this.#close(level)
    const pending = this.#levels[level]
    if (pending) pending.push(link)
    else this.#levels[level] = [link]
  }

  async #close(level: number): Promise<void> {
    const { block, link } = await encodeFileNode(this.#levels[level] ?? [])
    this.#levels[level] = []
    await this.#write(block)
    await this.#put(level + 1, link)
  }
}
