import { hexItem } from '@quoin/headers'
import { CodedError, findCause, type Hex } from '@quoin/kernel'
import { ClassicLevel } from 'classic-level'
import { type DecidedBlock, decodeDecidedBlock, encodeDecidedBlock } from '../codec/decided.ts'

export type { DecidedBlock }

/** Every decided block by height without gaps, from 1 on. What is in here is final. */
export interface BlockStore extends AsyncDisposable {
  /** Height of the last block; 0 when there is none. */
  readonly height: number
  /** Durable when it resolves. @throws CodedError `STORE_GAP` unless it is the next height. */
  append(decided: DecidedBlock): Promise<void>
  byHeight(height: number): Promise<DecidedBlock | null>
  byId(id: Hex): Promise<DecidedBlock | null>
}

/** A store on a disk, which may begin with a block of any height and forget old ones. */
export interface DiskBlockStore extends BlockStore {
  /** Height of the first block that is kept; 0 when there is none. */
  readonly lowest: number
  /**
   * Puts the first block into an empty store: of the height of a snapshot, the last of an epoch.
   * @throws CodedError `STORE_GAP` when there are blocks.
   */
  begin(decided: DecidedBlock): Promise<void>
  /**
   * Forgets the blocks below a height. The engine needs the last epoch's, and peers that are behind ask
   * for older ones. Never the last block.
   */
  prune(below: number): Promise<void>
}

/** @throws CodedError `STORE_LOCKED` when another process has the folder open. */
export async function openBlockStore(folder: string): Promise<DiskBlockStore> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  try {
    await level.open()
  } catch (cause) {
    const locked = findCause(cause, (error) => 'code' in error && error.code === 'LEVEL_LOCKED')
    if (locked)
      throw new CodedError('STORE_LOCKED', `Another process has ${folder} open`, { cause })
    throw new CodedError('DISK_FAILED', `Cannot open the blocks in ${folder}`, { cause })
  }
  const range = { gte: heightKey(0), lt: idPrefix, limit: 1 }
  const [first] = await level.keys(range).all()
  const [last] = await level.keys({ ...range, reverse: true }).all()
  const heights = { lowest: first ? keyHeight(first) : 0, height: last ? keyHeight(last) : 0 }
  return new LevelBlockStore(level, heights)
}

class LevelBlockStore implements DiskBlockStore {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>
  #height: number
  #lowest: number

  constructor(
    level: ClassicLevel<Uint8Array, Uint8Array>,
    { height, lowest }: { height: number; lowest: number },
  ) {
    this.#level = level
    this.#height = height
    this.#lowest = lowest
  }

  get lowest(): number {
    return this.#lowest
  }

  get height(): number {
    return this.#height
  }

  async append(decided: DecidedBlock): Promise<void> {
    const { height } = decided.block.header
    if (height !== this.#height + 1)
      throw new CodedError('STORE_GAP', `Block ${height} does not follow block ${this.#height}`)
    await this.#put(decided)
  }

  async begin(decided: DecidedBlock): Promise<void> {
    if (this.#height > 0)
      throw new CodedError('STORE_GAP', `There are blocks already, up to ${this.#height}`)
    await this.#put(decided)
  }

  async prune(below: number): Promise<void> {
    const end = Math.min(below, this.#height)
    for (let height = Math.max(1, this.#lowest); height < end; height++) {
      const decided = await this.byHeight(height)
      if (decided) await this.#level.batch([heightKey(height), idKey(decided.id)].map(toDeletion))
      this.#lowest = height + 1
    }
  }

  async #put(decided: DecidedBlock): Promise<void> {
    const { id, block } = decided
    const { height } = block.header
    const value = encodeDecidedBlock(decided)
    const key = heightKey(height)
    try {
      await this.#level.batch(
        [
          { type: 'put', key, value },
          { type: 'put', key: idKey(id), value: key },
        ],
        { sync: true },
      )
    } catch (cause) {
      throw storeFailure(this.#level.location, cause)
    }
    this.#height = height
    this.#lowest ||= height
  }

  async byHeight(height: number): Promise<DecidedBlock | null> {
    return this.#read(heightKey(height))
  }

  async byId(id: Hex): Promise<DecidedBlock | null> {
    const key = await this.#level.get(idKey(id))
    return key ? this.#read(key) : null
  }

  async #read(key: Uint8Array): Promise<DecidedBlock | null> {
    const value = await this.#level.get(key)
    return value ? decodeDecidedBlock(value) : null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#level.close()
  }
}

function toDeletion(key: Uint8Array): { type: 'del'; key: Uint8Array } {
  return { type: 'del', key }
}

/** Whether LevelDB ran out of space is only in its words. */
function storeFailure(folder: string, cause: unknown): CodedError {
  if (findCause(cause, ({ message }) => /no space left|ENOSPC/i.test(message)))
    return new CodedError('DISK_FULL', `No space left in ${folder}: free some and start again`, {
      cause,
    })
  return new CodedError('DISK_FAILED', `Cannot write a block to ${folder}`, { cause })
}

const heightPrefix = 0x01
const idPrefix = new Uint8Array([0x02])

function heightKey(height: number): Uint8Array {
  const key = Buffer.alloc(9)
  key[0] = heightPrefix
  key.writeBigUInt64BE(BigInt(height), 1)
  return key
}

function keyHeight(key: Uint8Array): number {
  return Number(Buffer.from(key).readBigUInt64BE(1))
}

function idKey(id: Hex): Uint8Array {
  return Buffer.concat([idPrefix, hexItem(id)])
}
