export interface MinerWorkerData {
  memory: SharedArrayBuffer
  /** Which part of the nonces this thread searches. */
  index: number
  threads: number
}

export interface FoundMessage {
  version: number
  nonce: bigint
}
