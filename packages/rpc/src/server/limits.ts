import { defaultMethodLimits, type MethodLimits } from '../methods/context.ts'

/** Ceilings of a server. Beyond each a client gets a clear error, and the rest goes on. */
export interface RpcLimits extends MethodLimits {
  /** Bytes of one request's body, or of one WebSocket message. */
  bodyBytes: number
  /** Requests in one batch. */
  batchItems: number
  /** Characters of the answers to one batch. */
  batchCharacters: number
  /** Requests (or batches) answered at the same time, all connections together. */
  concurrentRequests: number
  /** Open connections, HTTP and WebSocket together. */
  connections: number
  /** Time for one method, in milliseconds. */
  requestMs: number
  /** Time to send a request's head and body, in milliseconds. */
  receiveMs: number
  /** Requests of one WebSocket that run at once; reading pauses beyond. */
  webSocketRequests: number
  /** Bytes waiting for a slow reader of a WebSocket before it is dropped. */
  webSocketBacklogBytes: number
  /** Between pings of a WebSocket; a connection that misses one is dropped. In milliseconds. */
  webSocketPingMs: number
  subscriptionsPerConnection: number
  filters: number
  filterChanges: number
  filterIdleMs: number
  /** How long a stop waits for answers that are under way, in milliseconds. */
  stopMs: number
}

const mebibyte = 1024 * 1024

export const defaultRpcLimits: RpcLimits = {
  ...defaultMethodLimits,
  bodyBytes: 5 * mebibyte,
  batchItems: 1000,
  batchCharacters: 25 * mebibyte,
  concurrentRequests: 512,
  connections: 2000,
  requestMs: 30_000,
  receiveMs: 30_000,
  webSocketRequests: 64,
  webSocketBacklogBytes: 16 * mebibyte,
  webSocketPingMs: 30_000,
  subscriptionsPerConnection: 128,
  filters: 1024,
  filterChanges: 10_000,
  filterIdleMs: 5 * 60_000,
  stopMs: 2_000,
}
