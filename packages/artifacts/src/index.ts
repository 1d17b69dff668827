/**
 * Content-addressed data: files and folders as UnixFS DAGs whose CIDs every IPFS tool computes too,
 * stores for their blocks, encryption, archives, verified reading and fetching, and proofs that a store
 * still has what it should. See README.md for formats, guarantees and limits.
 */
export { type Block, parseCid } from './dag/cid.ts'
export { ArtifactError, type ArtifactErrorCode, artifactErrorCode } from './errors.ts'
export { type ImportOptions, importBytes, type ProgressListener } from './importing/import-bytes.ts'
export { type ByteRange, fileSize, type ReadOptions, readFile } from './reading/read-file.ts'
export type { BlobStore, BlockReader, CallOptions, StoredBlock } from './store/blob-store.ts'
export { openFolderStore } from './store/folder-store.ts'
export { createMemoryStore } from './store/memory-store.ts'
