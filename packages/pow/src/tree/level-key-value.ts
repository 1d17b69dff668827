import { CodedError, findCause } from '@quoin/kernel'
import { ClassicLevel } from 'classic-level'
import type { PowErrorCode } from '../errors.ts'
import type { Change, KeyValue } from './key-value.ts'

/** @throws CodedError `STORE_LOCKED` when another process has the folder open, `DISK_FAILED` */
export async function openLevelKeyValue(folder: string): Promise<KeyValue> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  try {
    await level.open()
  } catch (cause) {
    const isLocked = findCause(cause, (error) => 'code' in error && error.code === 'LEVEL_LOCKED')
    throw new CodedError<PowErrorCode>(
      isLocked ? 'STORE_LOCKED' : 'DISK_FAILED',
      isLocked
        ? `Another process has the blocks in ${folder} open: stop it, or use another folder`
        : `Cannot open the blocks in ${folder}`,
      { cause },
    )
  }
  return new LevelKeyValue(level)
}

class LevelKeyValue implements KeyValue {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>

  constructor(level: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#level = level
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#level.getSync(key)
  }

  async keys(from: Uint8Array, to: Uint8Array): Promise<Uint8Array[]> {
    return this.#level.keys({ gte: from, lt: to }).all()
  }

  async write(changes: readonly Change[]): Promise<void> {
    try {
      await this.#level.batch(
        changes.map(({ key, value }) =>
          value === null ? { type: 'del', key } : { type: 'put', key, value },
        ),
        { sync: true },
      )
    } catch (cause) {
      throw writeFailure(this.#level.location, cause)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#level.close()
  }
}

/** Whether LevelDB ran out of space is only in its words. */
function writeFailure(folder: string, cause: unknown): CodedError<PowErrorCode> {
  const isFull = findCause(cause, ({ message }) => /no space left|ENOSPC/i.test(message))
  return isFull
    ? new CodedError('DISK_FULL', `No space left in ${folder}: free some and start again`, {
        cause,
      })
    : new CodedError('DISK_FAILED', `Cannot write a block to ${folder}`, { cause })
}
