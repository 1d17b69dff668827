/**
 * The part of this package that runs in browsers too: CIDs, importing from a stream, reading, archives,
 * fetching, decryption, key envelopes, and checking that a store has what it should.
 */
export { exportCar } from './car/export-car.ts'
export { type ImportCarOptions, importCar } from './car/import-car.ts'
export { type Block, cidOfDigest, parseCid, rawCode, verifyBlock } from './dag/cid.ts'
export type { Link } from './dag/encode-node.ts'
export { dagLimits, profile } from './dag/profile.ts'
export {
  decryptStream,
  type EncryptedFile,
  openEncryptedFile,
} from './encryption/encrypted-file.ts'
export {
  contentKeyCommitment,
  createContentKey,
  type KeyEnvelope,
  openContentKey,
  parseKeyEnvelope,
  sealContentKey,
} from './encryption/key-envelope.ts'
export { ArtifactError, type ArtifactErrorCode, artifactErrorCode } from './errors.ts'
export type { BlockSource } from './fetching/block-source.ts'
export { type FetchOptions, type FetchProgress, fetchDag } from './fetching/fetch-dag.ts'
export { type ImportOptions, importBytes, type ProgressListener } from './importing/import-bytes.ts'
export { answerChallenge } from './proof/answer-challenge.ts'
export type { Challenge } from './proof/challenge.ts'
export { type VerifiedAnswer, verifyAnswer } from './proof/verify-answer.ts'
export { verifyDag } from './proof/verify-dag.ts'
export { listDirectory, resolvePath } from './reading/list-directory.ts'
export { type ByteRange, fileSize, type ReadOptions, readFile } from './reading/read-file.ts'
export { walkDag } from './reading/walk-dag.ts'
export type { BlobStore, BlockReader, CallOptions, StoredBlock } from './store/blob-store.ts'
export { createMemoryStore } from './store/memory-store.ts'
export { type ScrubReport, scrub } from './store/scrub.ts'
