import type { CID } from 'multiformats/cid'
import { rawCode } from '../dag/cid.ts'
import { type DagNode, decodeNode, type FilePart } from '../dag/decode-node.ts'
import { dagLimits } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import type { BlockReader } from '../store/blob-store.ts'

/** Bytes `start` (included) to `end` (not included; by default the file's end). */
export type ByteRange = { start: number; end?: number }
export type ReadOptions = { range?: ByteRange; signal?: AbortSignal | undefined }

type FileNode = Extract<DagNode, { kind: 'file' }>

/** Leaves asked for ahead of the reader. */
const maxAhead = 4

/**
 * A file's bytes, or a range of them, as they arrive; only the blocks that hold them are read. A few
 * leaves are in memory at a time.
 * @throws ArtifactError `NOT_A_FILE`, `INVALID_RANGE`, `BLOCK_MISSING` or `BLOCK_CORRUPT` (naming the
 * block), `INVALID_NODE`
 */
export async function* readFile(
  root: CID,
  blocks: BlockReader,
  { range = { start: 0 }, signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const node = await readFileNode(root, blocks, { signal })
  const end = range.end ?? node.sizeBytes
  checkRange(root, { start: range.start, end }, node.sizeBytes)
  const walk: Walk = { blocks, signal, from: range.start, to: end }
  yield* ahead(piecesOf(node, 0, { walk, depth: 0 }))
}

/** The size of a file's content in bytes, from its root block alone. */
export async function fileSize(
  root: CID,
  blocks: BlockReader,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<number> {
  return (await readFileNode(root, blocks, options)).sizeBytes
}

type Walk = { blocks: BlockReader; signal: AbortSignal | undefined; from: number; to: number }
type Place = { walk: Walk; depth: number }

type Piece = () => Promise<Uint8Array>

async function* piecesOf(
  node: FileNode,
  base: number,
  { walk, depth }: Place,
): AsyncGenerator<Piece> {
  if (node.inline.length > 0) yield async () => cut(node.inline, base, walk)
  for (const part of node.parts) {
    const start = base + part.offset
    if (start + part.sizeBytes <= walk.from || start >= walk.to) continue
    if (depth >= dagLimits.maxDepth)
      throw new ArtifactError('INVALID_NODE', `The tree of files at ${part.cid} is too deep`)
    if (part.cid.code === rawCode)
      yield async () => cut((await readPart(part, walk)).inline, start, walk)
    else yield* piecesOf(await readPart(part, walk), start, { walk, depth: depth + 1 })
  }
}

/** Begins to read some pieces before the first of them is consumed. */
async function* ahead(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  const waiting: Promise<Uint8Array>[] = []
  try {
    for await (const piece of pieces) {
      const bytes = piece()
      bytes.catch(() => {}) // it is awaited in its turn
      waiting.push(bytes)
      const oldest = waiting.length >= maxAhead ? waiting.shift() : undefined
      if (oldest) yield* nonEmpty(await oldest)
    }
    while (waiting.length > 0) yield* nonEmpty(await waiting.shift())
  } finally {
    await Promise.allSettled(waiting)
  }
}

function* nonEmpty(bytes: Uint8Array | undefined): Generator<Uint8Array> {
  if (bytes && bytes.length > 0) yield bytes
}

async function readPart({ cid, sizeBytes }: FilePart, walk: Walk): Promise<FileNode> {
  const node = await readFileNode(cid, walk.blocks, walk)
  if (node.sizeBytes === sizeBytes) return node
  throw new ArtifactError(
    'INVALID_NODE',
    `Block ${cid} holds ${node.sizeBytes} bytes of the file, but its parent says ${sizeBytes}`,
    { detail: { cid: cid.toString() } },
  )
}

async function readFileNode(
  cid: CID,
  blocks: BlockReader,
  { signal }: { signal?: AbortSignal | undefined },
): Promise<FileNode> {
  const node = decodeNode({ cid, bytes: await blocks.get(cid, { signal }) })
  if (node.kind === 'file') return node
  throw new ArtifactError('NOT_A_FILE', `${cid} is a ${node.kind}; name a file inside it`, {
    detail: { cid: cid.toString(), kind: node.kind },
  })
}

/** The part of `bytes`, which begin at `base` in the file, that the reader wants. */
function cut(bytes: Uint8Array, base: number, { from, to }: Walk): Uint8Array {
  return bytes.subarray(Math.max(0, from - base), Math.max(0, to - base))
}

function checkRange(cid: CID, range: Required<ByteRange>, sizeBytes: number): void {
  const { start, end } = range
  const isValid =
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end
  if (isValid && end <= sizeBytes) return
  throw new ArtifactError(
    'INVALID_RANGE',
    `Bytes ${start} to ${end} are not all in ${cid}, which has ${sizeBytes}`,
    { detail: { sizeBytes } },
  )
}
