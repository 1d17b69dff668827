/**
 * Content-addressed data: files and folders as UnixFS DAGs whose CIDs every IPFS tool computes too,
 * stores for their blocks, encryption, archives, verified reading and fetching, and proofs that a store
 * still has what it should. See README.md for formats, guarantees and limits. What runs in browsers is in
 * `@quoin/artifacts/core`.
 */
export * from './core.ts'
export { encryptStream } from './encryption/encrypt-stream.ts'
export { type ImportPathOptions, importPath } from './importing/import-path.ts'
export { type Published, type PublishOptions, type PublishSource, publish } from './publish.ts'
export { type ExportOptions, exportPath } from './reading/export-path.ts'
export { type RetrieveOptions, retrieve } from './retrieve.ts'
export { type Collection, collectGarbage } from './store/collect-garbage.ts'
export { openFolderStore } from './store/folder-store.ts'
export { checkComplete, openPins, type Pin, type Pins } from './store/pins.ts'
