import { bigintToBytes } from '@quoin/kernel'

/**
 * The memory that miner threads share with their owner. A thread that hashes never looks at its
 * mailbox, so the job itself lies here; a new version number is the sign to look.
 */
export interface SharedJob {
  /** [0] version of the job, 0 for none, -1 to end. */
  control: Int32Array
  /** [0] hashes done by all threads. */
  hashes: BigInt64Array
  /** 32 bytes of seal hash, 32 of target. */
  job: Uint8Array
}

const size = 8 + 8 + 64

export function createSharedJob(): { memory: SharedArrayBuffer; shared: SharedJob } {
  const memory = new SharedArrayBuffer(size)
  return { memory, shared: viewSharedJob(memory) }
}

export function viewSharedJob(memory: SharedArrayBuffer): SharedJob {
  return {
    control: new Int32Array(memory, 0, 1),
    hashes: new BigInt64Array(memory, 8, 1),
    job: new Uint8Array(memory, 16, 64),
  }
}

/** Threads may read a torn job while it changes: what they find is checked against the version. */
export function writeJob(
  { control, job }: SharedJob,
  version: number,
  { sealHash, target }: { sealHash: Uint8Array; target: bigint },
): void {
  Atomics.store(control, 0, 0)
  job.set(sealHash)
  job.set(bigintToBytes(target, 32), 32)
  Atomics.store(control, 0, version)
  Atomics.notify(control, 0)
}
