import { profile } from '../dag/profile.ts'

/**
 * Arrays of one chunk that are used again: without it a large import leaves a gigabyte for each gigabyte to
 * the garbage collector. Whoever gives one back must be done with it; one that is lost is just collected.
 */
export type ChunkPool = { take(): Uint8Array; give(chunk: Uint8Array): void }

const maxFree = 16

export function createChunkPool(): ChunkPool {
  const ours = new WeakSet<ArrayBufferLike>()
  const free: ArrayBuffer[] = []
  return {
    take() {
      const buffer = free.pop() ?? new ArrayBuffer(profile.chunkBytes)
      ours.add(buffer)
      return new Uint8Array(buffer)
    },
    give({ buffer }) {
      const isOurs = buffer instanceof ArrayBuffer && ours.delete(buffer)
      if (isOurs && free.length < maxFree) free.push(buffer)
    },
  }
}
