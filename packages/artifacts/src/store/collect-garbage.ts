import { CidSet, walkDag } from '../reading/walk-dag.ts'
import type { BlobStore, CallOptions } from './blob-store.ts'
import type { Pins } from './pins.ts'

export type Collection = { kept: number; deleted: number; freedBytes: number }

/** Blocks put within this time stay even unpinned, so that a publish which was cut off can be resumed. */
const defaultGraceMs = 3_600_000
/** A file system's clock ticks more coarsely than ours, and another machine's may be off a little. */
const clockSlackMs = 1_000

/**
 * Deletes what no pin reaches. Spared besides: blocks written within `graceMs`, and since the oldest
 * writer under way began, also those which such a writer only found there already (a put refreshes them).
 * Memory grows with the number of pinned blocks (about 60 bytes each), not with their size.
 * @throws ArtifactError `BLOCK_MISSING` or `BLOCK_CORRUPT` when a node of a pinned DAG is lost: what hung
 * below it is then unknown, so nothing is deleted before it is fetched again or unpinned
 */
export async function collectGarbage(
  store: BlobStore,
  pins: Pins,
  {
    signal,
    graceMs = defaultGraceMs,
    now = Date.now,
  }: CallOptions & { graceMs?: number; now?: () => number } = {},
): Promise<Collection> {
  await using collecting = await pins.startCollecting()
  const writtenBeforeMs = Math.min(now() - graceMs, collecting.oldestWriterMs) - clockSlackMs
  const reached = new CidSet()
  const roots = (await pins.list()).map((pin) => pin.cid)
  for await (const _ of walkDag(roots, store, { signal, seen: reached }));
  const result: Collection = { kept: 0, deleted: 0, freedBytes: 0 }
  for await (const { cid, sizeBytes, writtenAtMs } of store.list({ signal })) {
    const isGarbage = !reached.has(cid) && writtenAtMs < writtenBeforeMs
    if (isGarbage && (await store.delete(cid, { signal, writtenBeforeMs }))) {
      result.deleted++
      result.freedBytes += sizeBytes
    } else result.kept++
  }
  return result
}
