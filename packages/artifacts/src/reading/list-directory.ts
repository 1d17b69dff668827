import type { CID } from 'multiformats/cid'
import { type DagNode, decodeNode, type Entry } from '../dag/decode-node.ts'
import { dagLimits } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'

/**
 * The entries of a folder, sharded or not, as they are read: name, CID, and the bytes of its DAG as the
 * publisher stated them.
 * @throws ArtifactError `PATH_NOT_FOUND` when `root` is no folder, `BLOCK_MISSING`, `BLOCK_CORRUPT`,
 * `INVALID_NODE`
 */
export async function* listDirectory(
  root: CID,
  blocks: BlockReader,
  { signal }: CallOptions = {},
): AsyncGenerator<Entry> {
  const node = await readNode(root, blocks, { signal })
  if (node.kind !== 'directory' && node.kind !== 'shard')
    throw new ArtifactError('PATH_NOT_FOUND', `${root} is a ${node.kind}, not a folder`)
  yield* entriesOf(node, 0, { blocks, signal })
}

/**
 * What lies at a path of names below `root`, parted by "/"; the empty path is `root` itself.
 * @throws ArtifactError `PATH_NOT_FOUND` and those of {@link listDirectory}
 */
export async function resolvePath(
  root: CID,
  path: string,
  blocks: BlockReader,
  options: CallOptions = {},
): Promise<CID> {
  let cid = root
  for (const name of path.split('/').filter((part) => part !== '')) {
    let found: CID | undefined
    for await (const entry of listDirectory(cid, blocks, options))
      if (entry.name === name) {
        found = entry.cid
        break
      }
    if (!found)
      throw new ArtifactError('PATH_NOT_FOUND', `There is no "${name}" in the folder ${cid}`)
    cid = found
  }
  return cid
}

export async function readNode(
  cid: CID,
  blocks: BlockReader,
  options: CallOptions = {},
): Promise<DagNode> {
  return decodeNode({ cid, bytes: await blocks.get(cid, options) })
}

type Walk = { blocks: BlockReader; signal: AbortSignal | undefined }

async function* entriesOf(node: DagNode, depth: number, walk: Walk): AsyncGenerator<Entry> {
  if (node.kind === 'directory') yield* node.entries
  if (node.kind !== 'shard') return
  if (depth >= dagLimits.maxDepth)
    throw new ArtifactError('INVALID_NODE', 'The shards of a folder are nested too deep')
  for (const entry of node.entries) {
    const name = entry.name.slice(node.prefixLength)
    if (name !== '') yield { ...entry, name }
    else {
      const shard = await readNode(entry.cid, walk.blocks, walk)
      if (shard.kind !== 'shard')
        throw new ArtifactError('INVALID_NODE', `Block ${entry.cid} should be a folder's shard`)
      yield* entriesOf(shard, depth + 1, walk)
    }
  }
}
