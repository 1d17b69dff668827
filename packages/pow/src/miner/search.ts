import { createKeccakModule } from './keccak-module.ts'

/** Tries nonces one after the other. */
export interface Search {
  begin(sealHash: Uint8Array, target: bigint): void
  /** From the `first` on, in an order of its own that goes through all 2^64. */
  run(first: bigint, count: number): { tried: number; nonce: bigint | null }
}

type SearchFunction = (lane: bigint, count: number, limit: bigint) => number

/**
 * A search over its own WebAssembly memory. It stops at ids whose first 64 bits are below the target's,
 * so what it finds is good, and it passes over the few that are equal there.
 */
export function createSearch(): Search {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(createKeccakModule()))
  const { search, memory } = instance.exports
  if (!(memory instanceof WebAssembly.Memory) || !isSearch(search))
    throw new TypeError('The search module has no search')
  const message = new Uint8Array(memory.buffer, 0, 32)
  let limit = 0n
  return {
    begin(sealHash, target) {
      message.set(sealHash)
      limit = target >> 192n
    },
    run(first, count) {
      const passed = search(first, count, limit)
      if (passed === count) return { tried: count, nonce: null }
      return { tried: passed + 1, nonce: laneToNonce(first + BigInt(passed)) }
    },
  }
}

function isSearch(value: unknown): value is SearchFunction {
  return typeof value === 'function'
}

/** The lane is the nonce's eight bytes read from the other end. */
function laneToNonce(lane: bigint): bigint {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, lane))
  return bytes.readBigUInt64BE()
}
