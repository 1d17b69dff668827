import { encode, prepare } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { type Block, cidOf, dagPbCode } from './cid.ts'
import { encodeUnixfsData, unixfsType } from './unixfs-data.ts'

/** A subtree as its parent sees it: `sizeBytes` of content, `dagBytes` of blocks (dag-pb's Tsize). */
export type Link = { readonly cid: CID; readonly sizeBytes: number; readonly dagBytes: number }
export type NamedLink = Link & { readonly name: string }

/** What was built: the block to keep and the link by which a parent names it. */
export type Built = { block: Block; link: Link }

/** A node of a file's tree over its parts, in order. */
export function encodeFileNode(children: readonly Link[]): Promise<Built> {
  const sizeBytes = children.reduce((sum, child) => sum + child.sizeBytes, 0)
  const blockSizes = children.map((child) => child.sizeBytes)
  const data = encodeUnixfsData({ type: unixfsType.file, fileSize: sizeBytes, blockSizes })
  return build(
    data,
    children.map((child) => ({ ...child, name: '' })),
    sizeBytes,
  )
}

export function encodeDirectory(entries: readonly NamedLink[]): Promise<Built> {
  return build(encodeUnixfsData({ type: unixfsType.directory }), entries)
}

export function encodeSymlink(target: string): Promise<Built> {
  const data = new TextEncoder().encode(target)
  return build(encodeUnixfsData({ type: unixfsType.symlink, data }), [])
}

/** A node of a sharded folder; `bitfield` says which of the 256 places are taken. */
export function encodeShard(
  bitfield: Uint8Array,
  entries: readonly NamedLink[],
  { hashType, fanout }: { hashType: number; fanout: number },
): Promise<Built> {
  const data = encodeUnixfsData({ type: unixfsType.shard, data: bitfield }, { hashType, fanout })
  return build(data, entries)
}

/** dag-pb sorts the links by the bytes of their names and keeps the order of equal names. */
async function build(
  data: Uint8Array,
  links: readonly NamedLink[],
  sizeBytes = links.reduce((sum, link) => sum + link.sizeBytes, 0),
): Promise<Built> {
  const node = prepare({
    Data: data,
    Links: links.map((link) => ({ Name: link.name, Tsize: link.dagBytes, Hash: link.cid })),
  })
  const bytes = encode(node)
  const cid = await cidOf(dagPbCode, bytes)
  const dagBytes = links.reduce((sum, link) => sum + link.dagBytes, bytes.length)
  return { block: { cid, bytes }, link: { cid, sizeBytes, dagBytes } }
}
