import { ArtifactError, artifactErrorCode } from '../errors.ts'
import type { BlobStore, CallOptions } from './blob-store.ts'

export type ScrubReport = {
  blocks: number
  bytes: number
  wrong: ArtifactError[]
  wrongCount: number
}

/** More errors than this are counted but not kept. */
const maxKept = 1000

/**
 * Reads every block of a store and verifies it. Blocks that are wrong, or cannot be read, are in the
 * report, each named by its error; nothing is changed. A failing disk as such ends it (`STORE_UNUSABLE`).
 */
export async function scrub(
  store: BlobStore,
  { signal, onProgress }: CallOptions & { onProgress?: (report: ScrubReport) => void } = {},
): Promise<ScrubReport> {
  const report: ScrubReport = { blocks: 0, bytes: 0, wrong: [], wrongCount: 0 }
  for await (const { cid, sizeBytes } of store.list({ signal })) {
    try {
      await store.get(cid, { signal })
    } catch (error) {
      if (artifactErrorCode(error) === 'BLOCK_MISSING') continue // deleted meanwhile
      if (!isWrongBlock(error)) throw error
      report.wrongCount++
      if (report.wrong.length < maxKept) report.wrong.push(error)
    }
    report.blocks++
    report.bytes += sizeBytes
    onProgress?.(report)
  }
  return report
}

function isWrongBlock(error: unknown): error is ArtifactError {
  return (
    error instanceof ArtifactError &&
    (error.code === 'BLOCK_CORRUPT' || error.code === 'BLOCK_TOO_LARGE')
  )
}
