/**
 * How files become DAGs: the profile `unixfs-v1-2025` of IPIP-0499 (https://specs.ipfs.tech/ipips/ipip-0499/),
 * which every conforming tool must support (Kubo: `ipfs config profile apply unixfs-v1-2025`). CIDv1,
 * sha2-256, raw leaves of at most 1 MiB cut at fixed offsets, a balanced tree of at most 1024 links a
 * node, folders sharded (HAMT of fanout 256) once their block passes 256 KiB, symbolic links kept, empty
 * folders kept, hidden files left out unless asked for, no mode and no time. Frozen: another value is
 * another CID.
 */
export const profile = Object.freeze({
  name: 'unixfs-v1-2025',
  chunkBytes: 1_048_576,
  maxLinks: 1024,
  shardThresholdBytes: 262_144,
  shardFanout: 256,
})

/** What a reader takes from outside: other tools' DAGs too, within these bounds. */
export const dagLimits = Object.freeze({
  /** Kubo refuses larger blocks as well; our own are at most about 1 MiB. */
  maxBlockBytes: 2_097_152,
  maxDepth: 32,
  maxNameBytes: 1024,
  maxFolderDepth: 128,
})
