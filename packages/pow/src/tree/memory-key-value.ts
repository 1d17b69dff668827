import { bytesToHex, hexToBytes } from '@quoin/kernel'
import type { KeyValue } from './key-value.ts'

/** What outlives a crash: values by their keys in hexadecimal. */
export type MemoryDisk = Map<string, Uint8Array>

/** A store over a map that plays the disk, for tests and simulations. */
export function openMemoryKeyValue(disk: MemoryDisk): KeyValue {
  return {
    get: (key) => disk.get(bytesToHex(key)),
    async keys(from, to) {
      const [low, high] = [bytesToHex(from), bytesToHex(to)]
      return [...disk.keys()]
        .filter((key) => key >= low && key < high)
        .sort()
        .map(hexToBytes)
    },
    async write(changes) {
      for (const { key, value } of changes)
        if (value === null) disk.delete(bytesToHex(key))
        else disk.set(bytesToHex(key), value)
    },
    async [Symbol.asyncDispose]() {},
  }
}
