import { type BlobStore, walkDag } from '@quoin/artifacts'
import type { CID } from 'multiformats/cid'

const maxArtifacts = 32

/**
 * Which blocks belong to which artifact: a block that is given under one artifact's rights must be its own.
 * The sets are made when first asked for, about 100 bytes a block, and the oldest are forgotten.
 */
export class MemberBlocks {
  readonly #store: BlobStore
  readonly #sets = new Map<string, Promise<ReadonlySet<string>>>()

  constructor(store: BlobStore) {
    this.#store = store
  }

  async has(root: CID, block: CID): Promise<boolean> {
    if (root.equals(block)) return true
    return (await this.#membersOf(root)).has(keyOf(block))
  }

  #membersOf(root: CID): Promise<ReadonlySet<string>> {
    const name = root.toString()
    const known = this.#sets.get(name)
    if (known !== undefined) return known
    const [oldest] = this.#sets.keys()
    if (this.#sets.size >= maxArtifacts && oldest !== undefined) this.#sets.delete(oldest)
    const made = this.#gather(root)
    this.#sets.set(name, made)
    made.catch(() => this.#sets.delete(name))
    return made
  }

  async #gather(root: CID): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for await (const { cid } of walkDag([root], this.#store)) found.add(keyOf(cid))
    return found
  }
}

function keyOf(cid: CID): string {
  return String.fromCharCode(cid.code, ...cid.multihash.digest)
}
