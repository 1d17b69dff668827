import { CarWriter } from '@ipld/car/writer'
import type { CID } from 'multiformats/cid'
import { encodeVarint } from '../dag/varint.ts'
import { walkDag } from '../reading/walk-dag.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'

/**
 * The DAG of `root` as a CAR of version 1 (https://ipld.io/specs/transport/car/carv1/): one root, each block
 * once, verified, in depth-first order, so that the same DAG always gives the same bytes. One block is in
 * memory at a time, and the set of CIDs written.
 * @throws ArtifactError `BLOCK_MISSING` or `BLOCK_CORRUPT`, naming the block
 */
export async function* exportCar(
  root: CID,
  blocks: BlockReader,
  { signal }: CallOptions = {},
): AsyncGenerator<Uint8Array> {
  const { writer, out } = CarWriter.create([root])
  const closing = writer.close()
  yield* out // the header, for nothing else was written
  await closing
  for await (const { cid, bytes: node } of walkDag([root], blocks, { signal })) {
    const bytes = node ?? (await blocks.get(cid, { signal }))
    yield Uint8Array.from([...encodeVarint(cid.bytes.length + bytes.length), ...cid.bytes])
    if (bytes.length > 0) yield bytes
  }
}
