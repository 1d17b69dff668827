import { decode, type PBLink, type PBNode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { ArtifactError } from '../errors.ts'
import { type Block, checkCid, rawCode } from './cid.ts'
import { dagLimits } from './profile.ts'
import { decodeUnixfsData, type UnixfsData, unixfsType } from './unixfs-data.ts'

/**
 * A part of a file: `sizeBytes` of content that begin at `offset` within the node that names it. `dagBytes`
 * (here and in entries) is the size of all blocks below the link as the publisher stated it.
 */
export type FilePart = { cid: CID; offset: number; sizeBytes: number; dagBytes: number }
export type Entry = { name: string; cid: CID; dagBytes: number }

/** A block as UnixFS understands it. A file's own bytes (`inline`) come before its parts. */
export type DagNode =
  | { kind: 'file'; sizeBytes: number; inline: Uint8Array; parts: FilePart[] }
  | { kind: 'directory'; entries: Entry[] }
  | { kind: 'shard'; prefixLength: number; entries: Entry[] }
  | { kind: 'symlink'; target: string }

/**
 * Reads a block whose bytes were verified against its CID.
 * @throws ArtifactError `INVALID_NODE` or `BLOCK_TOO_LARGE`
 */
export function decodeNode({ cid, bytes }: Block): DagNode {
  checkBlockSize(cid, bytes.length)
  if (cid.code === rawCode)
    return { kind: 'file', sizeBytes: bytes.length, inline: bytes, parts: [] }
  const node = decodePb(cid, bytes)
  const data = decodeUnixfsData(node.Data ?? new Uint8Array(0))
  if (data.type === unixfsType.file || data.type === unixfsType.raw) return fileOf(cid, node, data)
  if (data.type === unixfsType.directory) return { kind: 'directory', entries: entriesOf(node) }
  if (data.type === unixfsType.shard) return shardOf(cid, node, data)
  if (data.type === unixfsType.symlink)
    return { kind: 'symlink', target: new TextDecoder().decode(data.data) }
  throw invalid(cid, `its UnixFS type is ${data.type}`)
}

/** @throws ArtifactError `BLOCK_TOO_LARGE` */
export function checkBlockSize(cid: CID, sizeBytes: number): void {
  if (sizeBytes <= dagLimits.maxBlockBytes) return
  throw new ArtifactError(
    'BLOCK_TOO_LARGE',
    `Block ${cid} has ${sizeBytes} bytes, more than the ${dagLimits.maxBlockBytes} that are taken`,
  )
}

/** The links of a node in order; one block may be named several times. */
export function linksOf(node: DagNode): readonly { cid: CID; dagBytes: number }[] {
  if (node.kind === 'symlink') return []
  return node.kind === 'file' ? node.parts : node.entries
}

function decodePb(cid: CID, bytes: Uint8Array): PBNode {
  try {
    return decode(bytes)
  } catch (cause) {
    throw new ArtifactError('INVALID_NODE', `Block ${cid} is no dag-pb node`, { cause })
  }
}

function fileOf(cid: CID, node: PBNode, data: UnixfsData): DagNode {
  if (data.blockSizes.length !== node.Links.length)
    throw invalid(cid, `it has ${node.Links.length} links and ${data.blockSizes.length} sizes`)
  let offset = data.data.length
  const parts = node.Links.map((link, i) => {
    const part = {
      cid: checkCid(link.Hash),
      offset,
      sizeBytes: data.blockSizes[i] ?? 0,
      dagBytes: statedBytes(link),
    }
    offset += part.sizeBytes
    return part
  })
  if (!Number.isSafeInteger(offset) || data.fileSize !== offset)
    throw invalid(cid, `its parts have ${offset} bytes but it says ${data.fileSize}`)
  return { kind: 'file', sizeBytes: offset, inline: data.data, parts }
}

function shardOf(cid: CID, node: PBNode, data: UnixfsData): DagNode {
  const isPowerOf2 =
    data.fanout >= 8 && data.fanout <= 1024 && Number.isInteger(Math.log2(data.fanout))
  if (!isPowerOf2) throw invalid(cid, `its fanout is ${data.fanout}`)
  const prefixLength = (data.fanout - 1).toString(16).length
  const entries = entriesOf(node)
  if (entries.some((entry) => entry.name.length < prefixLength))
    throw invalid(cid, 'an entry has no prefix')
  return { kind: 'shard', prefixLength, entries }
}

function entriesOf(node: PBNode): Entry[] {
  return node.Links.map((link) => {
    const name = link.Name ?? ''
    if (name.length > dagLimits.maxNameBytes)
      throw new ArtifactError('INVALID_NODE', 'A name is too long')
    return { name, cid: checkCid(link.Hash), dagBytes: statedBytes(link) }
  })
}

function statedBytes({ Hash, Tsize = 0 }: PBLink): number {
  if (Number.isSafeInteger(Tsize)) return Tsize
  throw new ArtifactError('INVALID_NODE', `The link to ${Hash} states ${Tsize} bytes`)
}

function invalid(cid: CID, what: string): ArtifactError {
  return new ArtifactError('INVALID_NODE', `Block ${cid} is not a usable UnixFS node: ${what}`, {
    detail: { cid: cid.toString() },
  })
}
