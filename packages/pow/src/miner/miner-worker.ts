import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { bytesToBigint } from '@quoin/kernel'
import { createSearch } from './search.ts'
import { type SharedJob, viewSharedJob } from './shared-job.ts'
import type { FoundMessage, MinerWorkerData } from './worker-messages.ts'

/** A mining thread's whole life: wait for a job, search, tell what was found. */
const { memory, index, threads }: MinerWorkerData = workerData
const shared = viewSharedJob(memory)
const search = createSearch()
const firstNonce = (2n ** 64n / BigInt(threads)) * BigInt(index)
/** A batch takes some milliseconds: so long does a new job wait at most. */
const batch = 8192

giveWay()
for (let version = nextJob(0); version !== -1; version = nextJob(version)) mine(version)
parentPort?.close()

/** Waits for a job other than `version`; -1 is the end. */
function nextJob(version: number): number {
  for (;;) {
    const current = Atomics.load(shared.control, 0)
    if (current !== 0 && current !== version) return current
    Atomics.wait(shared.control, 0, current)
  }
}

function mine(version: number): void {
  const { sealHash, target } = readJob(shared)
  search.begin(sealHash, target)
  for (let first = firstNonce; isCurrent(version); first += BigInt(batch)) {
    const { tried, nonce } = search.run(first, batch)
    Atomics.add(shared.hashes, 0, BigInt(tried))
    if (nonce === null) continue
    const message: FoundMessage = { version, nonce }
    if (isCurrent(version)) parentPort?.postMessage(message)
    return
  }
}

function isCurrent(version: number): boolean {
  return Atomics.load(shared.control, 0) === version
}

function readJob({ job }: SharedJob) {
  return { sealHash: Uint8Array.from(job.subarray(0, 32)), target: bytesToBigint(job.slice(32)) }
}

/**
 * Gives this thread the lowest priority, so that the node stays responsive. Linux alone has
 * priorities by thread, and names the calling one in /proc; elsewhere threads stay as they are.
 */
function giveWay(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, constants.priority.PRIORITY_LOW)
  } catch {
    return
  }
}
