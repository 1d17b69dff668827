/**
 * Begins a node of a BFT chain near its head instead of at its genesis: a light client over the peer
 * network proves a block, and its blocks and state are brought by their hashes. Node only.
 */
export type { AnswerTimes } from './answer-times.ts'
export type { SyncErrorCode } from './errors.ts'
export { windowBlocks } from './fetch-window.ts'
export { type LightMethods, type LightProtocol, openLightProtocol } from './light-protocol.ts'
export { openStateProtocol, type StateProtocol } from './state-protocol.ts'
export {
  type Snapshot,
  type SnapshotProgress,
  type SnapshotSyncOptions,
  syncFromSnapshot,
} from './sync-from-snapshot.ts'
