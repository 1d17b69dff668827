/** What to search a nonce for. */
export interface MiningJob {
  /** 32 bytes */
  sealHash: Uint8Array
  target: bigint
}

/** Searches nonces: in threads, or in a simulation by drawing lots. */
export interface Miner extends AsyncDisposable {
  /** Drops what it was doing at once. `onFound` is called at most once, unless another job came first. */
  start(job: MiningJob, onFound: (nonce: bigint) => void): void
  stop(): void
  readonly status: MinerStatus
  /** When it cannot go on. */
  onFailure(listener: (cause: unknown) => void): () => void
}

export interface MinerStatus {
  threads: number
  isMining: boolean
  /** Hashes per second of all threads, over the last seconds of mining. */
  hashesPerSecond: number
}
