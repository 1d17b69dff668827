import type { CID } from 'multiformats/cid'
import { decodeNode, linksOf } from '../dag/decode-node.ts'
import { ArtifactError } from '../errors.ts'
import type { ProgressListener } from '../importing/import-bytes.ts'
import { walkDag } from '../reading/walk-dag.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'

/**
 * Reads a whole DAG, each block once and verified, and checks that its links state the sizes that are
 * there, so that it can be challenged. For whoever is about to answer for an artifact.
 * @throws ArtifactError `BLOCK_MISSING`, `BLOCK_CORRUPT`, `INVALID_NODE`, naming the block
 */
export async function verifyDag(
  root: CID,
  blocks: BlockReader,
  { signal, onProgress }: CallOptions & { onProgress?: ProgressListener } = {},
): Promise<{ blocks: number; bytes: number }> {
  const stated = new Map<string, number>()
  const found = { blocks: 0, bytes: 0 }
  const state = (cid: CID, bytes: number): void => {
    const before = stated.get(cid.toString()) ?? bytes
    if (before !== bytes) throw wrongSize(cid, bytes, before)
    stated.set(cid.toString(), bytes)
  }
  for await (const visit of walkDag([root], blocks, { signal })) {
    const { cid } = visit
    const bytes = visit.bytes ?? (await blocks.get(cid, { signal }))
    const links = linksOf(decodeNode({ cid, bytes }))
    for (const link of links) state(link.cid, link.dagBytes)
    state(
      cid,
      links.reduce((sum, link) => sum + link.dagBytes, bytes.length),
    )
    found.blocks++
    found.bytes += bytes.length
    onProgress?.({ bytes: found.bytes })
  }
  return found
}

/** A publisher who states wrong sizes would make places that nobody can show. */
export function wrongSize(cid: CID, stated: number, there: number): ArtifactError {
  return new ArtifactError(
    'INVALID_NODE',
    `A link to ${cid} states ${stated} bytes, but there are ${there}; such a DAG cannot be challenged`,
    { detail: { cid: cid.toString(), stated, there } },
  )
}
