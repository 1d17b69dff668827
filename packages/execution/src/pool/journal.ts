import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { CodedError } from '@quoin/kernel'

/**
 * Pooled transactions on disk: length-prefixed records, appended before a transaction is
 * acknowledged. A torn tail, as a kill leaves it, is ignored.
 */
export class PoolJournal implements Disposable {
  readonly #path: string
  #file: number
  #size: number

  private constructor(path: string, size: number) {
    this.#path = path
    this.#size = size
    this.#file = openSync(path, 'a')
  }

  /** Opens the journal and reads what it holds. */
  static open(path: string): { journal: PoolJournal; transactions: Uint8Array[] } {
    const transactions: Uint8Array[] = []
    let bytes = Buffer.alloc(0)
    try {
      bytes = readFileSync(path)
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'))
        throw new CodedError('DATA_UNREADABLE', `The transaction journal ${path} cannot be read`, {
          cause,
        })
    }
    let position = 0
    while (position + 4 <= bytes.length) {
      const end = position + 4 + bytes.readUInt32BE(position)
      if (end > bytes.length) break
      transactions.push(bytes.subarray(position + 4, end))
      position = end
    }
    const journal = new PoolJournal(path, bytes.length)
    if (position < bytes.length) journal.rewrite(transactions)
    return { journal, transactions }
  }

  get sizeBytes(): number {
    return this.#size
  }

  /** @throws CodedError WRITE_FAILED; the journal is then as it was */
  append(raw: Uint8Array): void {
    const record = encodeRecord(raw)
    try {
      const written = writeSync(this.#file, record)
      if (written < record.length) throw new Error(`only ${written} of ${record.length} bytes fit`)
      this.#size += record.length
    } catch (cause) {
      ftruncateSync(this.#file, this.#size)
      throw new CodedError(
        'WRITE_FAILED',
        `The transaction journal ${this.#path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}. Check the disk's space and rights.`,
        { cause },
      )
    }
  }

  /** Replaces the contents. */
  rewrite(transactions: Iterable<Uint8Array>): void {
    const bytes = Buffer.concat([...transactions].map(encodeRecord))
    const temporary = `${this.#path}.new`
    const file = openSync(temporary, 'w')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    renameSync(temporary, this.#path)
    closeSync(this.#file)
    this.#file = openSync(this.#path, 'a')
    this.#size = bytes.length
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

function encodeRecord(raw: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(raw.length + 4)
  record.writeUInt32BE(raw.length)
  record.set(raw, 4)
  return record
}
