/** What the gateway lets one client, and all clients together, take up. */
export interface GatewayLimits {
  bodyBytes: number
  headerBytes: number
  /**
   * Model calls that run at once; further ones get 503 with Retry-After. Those whose payment is still being
   * decided do not count, up to eight times as many.
   */
  concurrentCalls: number
  /** From admission to the last byte of an answer. */
  callMs: number
  /** How long a client may take to send a whole request. */
  requestMs: number
  /** How long a reader of a stream may take nothing before its call is cut. */
  stalledReaderMs: number
  /** How long `close` waits for running calls before it aborts them. */
  stopMs: number
}

export const defaultLimits: GatewayLimits = {
  bodyBytes: 4 * 1024 * 1024,
  headerBytes: 32 * 1024,
  concurrentCalls: 256,
  callMs: 120_000,
  requestMs: 30_000,
  stalledReaderMs: 30_000,
  stopMs: 10_000,
}
