import type { CID } from 'multiformats/cid'

/**
 * Someone who may have blocks: a peer, a gateway, another store. Gives a block's bytes, unverified, or null
 * when it does not have it; throws when it cannot say.
 */
export type BlockSource = {
  /** For messages. */
  name: string
  getBlock(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array | null>
}
