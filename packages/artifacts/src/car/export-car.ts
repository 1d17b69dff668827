import type { CID } from 'multiformats/cid'
import { walkDag } from '../reading/walk-dag.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'
import { carHeader, carSection } from './car-sections.ts'

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
  yield* await carHeader(root)
  for await (const { cid, bytes } of walkDag([root], blocks, { signal }))
    yield* carSection({ cid, bytes: bytes ?? (await blocks.get(cid, { signal })) })
}
