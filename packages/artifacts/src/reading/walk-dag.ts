import type { CID } from 'multiformats/cid'
import { type Block, cidOfDigest, dagPbCode } from '../dag/cid.ts'
import { decodeNode, linksOf } from '../dag/decode-node.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'

/** A set of CIDs in about 60 bytes each. */
export class CidSet {
  readonly #keys = new Set<string>()

  get size(): number {
    return this.#keys.size
  }

  has(cid: CID): boolean {
    return this.#keys.has(keyOf(cid))
  }

  /** False when it was in the set already. */
  add(cid: CID): boolean {
    const before = this.#keys.size
    return this.#keys.add(keyOf(cid)).size > before
  }

  delete(cid: CID): boolean {
    return this.#keys.delete(keyOf(cid))
  }

  /** Any one of them; undefined when it is empty. */
  first(): CID | undefined {
    const [key] = this.#keys
    if (key === undefined) return undefined
    const digest = Uint8Array.from(key.slice(1), (char) => char.charCodeAt(0))
    return cidOfDigest(key.charCodeAt(0), digest)
  }
}

/** A block of a DAG: a node comes with its verified bytes, a raw leaf only by name. */
export type Visit = { cid: CID; bytes: Block['bytes'] | null }

/**
 * Every block that `roots` reach, each once, a parent before its children, depth first. Only nodes are
 * read; a raw leaf is named without looking whether it is there.
 * @throws ArtifactError `BLOCK_MISSING`, `BLOCK_CORRUPT`, `INVALID_NODE`
 */
export async function* walkDag(
  roots: Iterable<CID>,
  blocks: BlockReader,
  { signal, seen = new CidSet() }: CallOptions & { seen?: CidSet } = {},
): AsyncGenerator<Visit> {
  const pending = [...roots].reverse()
  for (let cid = pending.pop(); cid; cid = pending.pop()) {
    signal?.throwIfAborted()
    if (!seen.add(cid)) continue
    if (cid.code !== dagPbCode) {
      yield { cid, bytes: null }
      continue
    }
    const bytes = await blocks.get(cid, { signal })
    yield { cid, bytes }
    const node = decodeNode({ cid, bytes })
    for (const link of linksOf(node).toReversed()) if (!seen.has(link.cid)) pending.push(link.cid)
  }
}

function keyOf(cid: CID): string {
  return String.fromCharCode(cid.code, ...cid.multihash.digest)
}
