import type { CID } from 'multiformats/cid'
import type { Block } from '../dag/cid.ts'

export type CallOptions = { signal?: AbortSignal | undefined }

/** Gives only bytes that hash to the CID asked for: `BLOCK_MISSING` or `BLOCK_CORRUPT` otherwise. */
export interface BlockReader {
  get(cid: CID, options?: CallOptions): Promise<Uint8Array>
}

export type StoredBlock = { cid: CID; sizeBytes: number; writtenAtMs: number }

/**
 * Where blocks live. Every store passes the same suite (`@quoin/artifacts/testing`).
 * Errors: `BLOCK_TOO_LARGE`, `STORE_FULL`, `STORE_UNUSABLE`, and those of {@link BlockReader}.
 */
export interface BlobStore extends BlockReader {
  /**
   * Keeps a block; durable (over a power cut too) once resolved, and never there by half. The caller
   * has verified that `bytes` hash to `cid`. A block that is there already counts as written now, so
   * that a collection under way spares it. `bytes` may be reused by the caller afterwards.
   */
  put(block: Block, options?: CallOptions): Promise<void>
  /** Says whether there is a block of this name, without reading it. */
  has(cid: CID, options?: CallOptions): Promise<boolean>
  /**
   * Removes a block and says whether it did. With `writtenBeforeMs`, only when its last `put` was
   * before that time, which is decided together with the removal.
   */
  delete(cid: CID, options?: CallOptions & { writtenBeforeMs?: number }): Promise<boolean>
  /** All blocks, in no order; blocks put or deleted meanwhile may or may not be among them. */
  list(options?: CallOptions): AsyncIterable<StoredBlock>
}
