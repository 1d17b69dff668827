import { bytesToBigint } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Clock } from '../clock.ts'
import { targetToWork } from '../difficulty/work.ts'
import { type SealedHeader, sealHash } from '../header.ts'
import type { Miner } from '../miner/miner.ts'

/** A miner that draws how long it takes instead of hashing: exponential, as real work is. */
export interface DrawnMiner extends Miner {
  hashesPerSecond: number
}

export function createDrawnMiner(
  clock: Clock,
  random: () => number,
  hashesPerSecond: number,
): DrawnMiner {
  let pending: Disposable | null = null
  const stop = () => {
    pending?.[Symbol.dispose]()
    pending = null
  }
  return {
    hashesPerSecond,
    get status() {
      return { threads: 1, isMining: pending !== null, hashesPerSecond: this.hashesPerSecond }
    },
    start({ sealHash, target }, onFound) {
      stop()
      if (this.hashesPerSecond <= 0) return
      const hashes = -Math.log(1 - random()) * Number(targetToWork(target))
      pending = clock.after((hashes * 1000) / this.hashesPerSecond, () => {
        pending = null
        onFound(drawnNonce(sealHash))
      })
    },
    stop,
    onFailure: () => () => {},
    async [Symbol.asyncDispose]() {
      stop()
    },
  }
}

/** The only nonce that counts as work done, in a simulation. */
function drawnNonce(hash: Uint8Array): bigint {
  return bytesToBigint(keccak256(hash).slice(0, 8))
}

export function hasDrawnWork({ header, nonce }: SealedHeader): boolean {
  return nonce === drawnNonce(sealHash(header))
}
