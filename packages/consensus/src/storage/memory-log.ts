import type { RecordLog } from './record-file.ts'

/** What survives a crash of the process that had the log open. */
export interface MemoryDisk {
  durable: Uint8Array[]
}

/** A log over an object that plays the disk: for simulations, where crashes lose what was not flushed. */
export function openMemoryLog(disk: MemoryDisk): RecordLog {
  let waiting: Uint8Array[] = []
  return {
    recovered: [...disk.durable],
    append(record) {
      waiting.push(record)
    },
    async flush() {
      disk.durable.push(...waiting)
      waiting = []
    },
    async clear() {
      waiting = []
      disk.durable = []
    },
    async replace(records) {
      waiting = []
      disk.durable = [...records]
    },
    async [Symbol.asyncDispose]() {},
  }
}
