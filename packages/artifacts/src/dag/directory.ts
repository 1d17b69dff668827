import { murmur3128 } from '@multiformats/murmur3'
import { ArtifactError } from '../errors.ts'
import type { Block } from './cid.ts'
import { encodeDirectory, encodeShard, type Link, type NamedLink } from './encode-node.ts'
import { profile } from './profile.ts'

/** The multicodec of murmur3-x64-64, the first 8 bytes of the 128-bit hash of a name. */
const murmurCode = 0x22
const hashBytes = 8

/**
 * A folder of these entries: one block, or shards (a hash array mapped trie,
 * https://specs.ipfs.tech/unixfs/#dag-pb-hamtdirectory) when that block would pass the profile's threshold.
 */
export async function buildDirectory(
  entries: readonly NamedLink[],
  write: (block: Block) => Promise<void>,
): Promise<Link> {
  const { block, link } = await encodeDirectory(entries)
  if (block.bytes.length > profile.shardThresholdBytes) {
    const hashed = await Promise.all(entries.map(hashName))
    return buildShard(hashed, 0, write)
  }
  await write(block)
  return link
}

type HashedLink = { link: NamedLink; hash: Uint8Array }

async function hashName(link: NamedLink): Promise<HashedLink> {
  const hash = await murmur3128.encode(new TextEncoder().encode(link.name))
  return { link, hash: hash.subarray(0, hashBytes) }
}

/** Entries of one shard lie where the byte of their hash at this depth says; two at one place go deeper. */
async function buildShard(
  entries: readonly HashedLink[],
  depth: number,
  write: (block: Block) => Promise<void>,
): Promise<Link> {
  if (depth >= hashBytes)
    throw new ArtifactError(
      'SOURCE_UNREADABLE',
      `A folder has names that no shard can hold apart (${entries[0]?.link.name}); rename one`,
    )
  const places = Map.groupBy(entries, ({ hash }) => hash[depth] ?? 0)
  const links: NamedLink[] = []
  for (const place of [...places.keys()].toSorted((a, b) => a - b)) {
    const here = places.get(place) ?? []
    const prefix = place.toString(16).toUpperCase().padStart(2, '0')
    const only = here.length === 1 ? here[0]?.link : undefined
    if (only) links.push({ ...only, name: prefix + only.name })
    else links.push({ ...(await buildShard(here, depth + 1, write)), name: prefix })
  }
  const shape = { hashType: murmurCode, fanout: profile.shardFanout }
  const { block, link } = await encodeShard(bitfieldOf([...places.keys()]), links, shape)
  await write(block)
  return link
}

/** One bit a place, the highest place first, leading zero bytes left out. */
function bitfieldOf(places: readonly number[]): Uint8Array {
  const bits = new Uint8Array(profile.shardFanout / 8)
  for (const place of places) {
    const at = bits.length - 1 - (place >> 3)
    bits[at] = (bits[at] ?? 0) | (1 << (place & 7))
  }
  return bits.subarray(bits.findIndex((byte) => byte !== 0))
}
