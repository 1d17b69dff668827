import { sealedId } from '../header.ts'

/** Tries nonces one after the other. */
export interface Search {
  begin(sealHash: Uint8Array, target: bigint): void
  /** The first good nonce of `count` from `nonce` on (modulo 2^64), or null. */
  run(nonce: bigint, count: number): bigint | null
}

export function createSearch(): Search {
  let job: { sealHash: Uint8Array; target: bigint } = { sealHash: new Uint8Array(32), target: 0n }
  return {
    begin(sealHash, target) {
      job = { sealHash, target }
    },
    run(first, count) {
      for (let i = 0; i < count; i++) {
        const nonce = BigInt.asUintN(64, first + BigInt(i))
        if (BigInt(sealedId(job.sealHash, nonce)) <= job.target) return nonce
      }
      return null
    },
  }
}
