import type { Hex } from '@quoin/kernel'
import { CodedError } from '@quoin/kernel'
import { ClassicLevel } from 'classic-level'
import { fromHex, toHex } from '../codec/bytes.ts'
import type { StateWrites } from '../state/node-store.ts'

/** Everything that a block leaves on disk, encoded. */
export interface StoredBlock {
  hash: Hex
  header: Uint8Array
  /** RLP block as on the wire. */
  block: Uint8Array
  /** 20 bytes for each transaction, so that signatures need not be recovered again. */
  senders: Uint8Array
  /** Null for a block that came with a snapshot: it was not executed here. */
  receipts: Uint8Array | null
  state: StateWrites
}

export interface Pointers {
  head: Hex
  safe: Hex | null
  finalized: Hex | null
}

/** Changes that become durable together or not at all. */
export interface StoreBatch {
  blocks: StoredBlock[]
  /** Canonical hashes by number; null removes. */
  canonical: { number: bigint; hash: Hex | null }[]
  /** Transactions' places in the canonical chain; null removes. */
  transactions: { hash: Hex; blockHash: Hex | null; index: number }[]
  pointers?: Pointers
  genesis?: Hex
  /** See `Store.historyStart`. */
  historyStart?: bigint
}

type Operation = { type: 'put'; key: Buffer; value: Uint8Array } | { type: 'del'; key: Buffer }

const kinds = {
  header: 'h',
  block: 'b',
  senders: 's',
  receipts: 'r',
  canonical: 'n',
  transaction: 't',
  node: 'N',
  code: 'C',
  meta: 'm',
} as const

/** One LevelDB: keys are a letter for the kind and a hash, a number or a name. */
export class Store implements AsyncDisposable {
  readonly #level: ClassicLevel<Buffer, Uint8Array>
  #lastWrite: Promise<unknown> = Promise.resolve()
  readonly #nodeListeners = new Set<(hash: Uint8Array) => void>()

  private constructor(level: ClassicLevel<Buffer, Uint8Array>) {
    this.#level = level
  }

  /** @throws CodedError DATA_LOCKED when another process has it open, DATA_UNREADABLE otherwise */
  static async open(folder: string): Promise<Store> {
    const level = new ClassicLevel<Buffer, Uint8Array>(folder, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: 32 << 20,
      writeBufferSize: 16 << 20,
    })
    try {
      await level.open()
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
      const message = reason instanceof Error ? reason.message : String(reason)
      const isLocked = /lock/i.test(message)
      throw new CodedError(
        isLocked ? 'DATA_LOCKED' : 'DATA_UNREADABLE',
        isLocked
          ? `Another process has the chain data in ${folder} open. Stop it, or use another data folder.`
          : `The chain data in ${folder} cannot be opened: ${message}`,
        { cause },
      )
    }
    return new Store(level)
  }

  header(hash: Hex): Uint8Array | undefined {
    return this.#get(kinds.header, fromHex(hash))
  }

  block(hash: Hex): Uint8Array | undefined {
    return this.#get(kinds.block, fromHex(hash))
  }

  senders(hash: Hex): Uint8Array | undefined {
    return this.#get(kinds.senders, fromHex(hash))
  }

  receipts(hash: Hex): Uint8Array | undefined {
    return this.#get(kinds.receipts, fromHex(hash))
  }

  canonical(number: bigint): Hex | undefined {
    const hash = this.#get(kinds.canonical, numberKey(number))
    return hash === undefined ? undefined : toHex(hash)
  }

  transaction(hash: Hex): { blockHash: Hex; index: number } | undefined {
    const place = this.#get(kinds.transaction, fromHex(hash))
    if (place === undefined) return undefined
    return {
      blockHash: toHex(place.subarray(0, 32)),
      index: Buffer.from(place).readUInt32BE(32),
    }
  }

  node(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(kinds.node, hash)
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(kinds.code, hash)
  }

  genesis(): Hex | undefined {
    const hash = this.#get(kinds.meta, Buffer.from('genesis'))
    return hash === undefined ? undefined : toHex(hash)
  }

  pointers(): Pointers | undefined {
    const json = this.#get(kinds.meta, Buffer.from('pointers'))
    if (json === undefined) return undefined
    const [head, safe, finalized] = [0, 1, 2].map((i) => json.subarray(32 * i, 32 * i + 32))
    if (head === undefined) return undefined
    return { head: toHex(head), safe: hashOrNull(safe), finalized: hashOrNull(finalized) }
  }

  /** The first block after the genesis whose transactions are kept: others were removed, or never brought. */
  historyStart(): bigint {
    const number = this.#get(kinds.meta, Buffer.from('history'))
    return number === undefined ? 1n : Buffer.from(number).readBigUInt64BE()
  }

  /** Resolves when the batch is on the disk. @throws CodedError WRITE_FAILED, nothing being written */
  async write(batch: StoreBatch): Promise<void> {
    const operations: Operation[] = []
    const put = (kind: string, key: Uint8Array, value: Uint8Array) => {
      operations.push({ type: 'put', key: keyOf(kind, key), value })
    }
    for (const block of batch.blocks) putBlock(put, block)
    // Before the write: who sweeps meanwhile must not remove what is about to be there.
    for (const listener of this.#nodeListeners)
      for (const block of batch.blocks) for (const { hash } of block.state.nodes) listener(hash)
    for (const { number, hash } of batch.canonical) {
      if (hash !== null) put(kinds.canonical, numberKey(number), fromHex(hash))
      else operations.push({ type: 'del', key: keyOf(kinds.canonical, numberKey(number)) })
    }
    for (const { hash, blockHash, index } of batch.transactions) {
      if (blockHash !== null) put(kinds.transaction, fromHex(hash), place(blockHash, index))
      else operations.push({ type: 'del', key: keyOf(kinds.transaction, fromHex(hash)) })
    }
    if (batch.genesis) put(kinds.meta, Buffer.from('genesis'), fromHex(batch.genesis))
    if (batch.historyStart !== undefined)
      put(kinds.meta, Buffer.from('history'), numberKey(batch.historyStart))
    if (batch.pointers) put(kinds.meta, Buffer.from('pointers'), encodePointers(batch.pointers))
    await this.#batch(operations, true)
  }

  /** One after the other: LevelDB itself promises no order to writes that overlap. */
  #batch(operations: Operation[], sync: boolean): Promise<void> {
    const write = this.#lastWrite.then(() => this.#writeBatch(operations, sync))
    this.#lastWrite = write.catch(() => undefined)
    return write
  }

  async #writeBatch(operations: Operation[], sync: boolean): Promise<void> {
    try {
      await this.#level.batch(operations, { sync })
    } catch (cause) {
      throw new CodedError(
        'WRITE_FAILED',
        `The chain data cannot be written: ${cause instanceof Error ? cause.message : String(cause)}. Check the disk's space and rights, then start again.`,
        { cause },
      )
    }
  }

  /** Nodes and code whose absence does no harm after a crash: not synced. @throws CodedError WRITE_FAILED */
  async writeState({ nodes, code }: StateWrites): Promise<void> {
    await this.#batch(
      [
        ...nodes.map(({ hash, encoded }) => ({ key: keyOf(kinds.node, hash), value: encoded })),
        ...code.map(({ hash, code: value }) => ({ key: keyOf(kinds.code, hash), value })),
      ].map((entry) => ({ type: 'put', ...entry })),
      false,
    )
  }

  /** Resolves when all writes that were asked for are done, or have failed. */
  async settled(): Promise<void> {
    await this.#lastWrite
  }

  /** Resolves when all that was written is on the disk: LevelDB ends its memory table before it compacts. */
  async flush(): Promise<void> {
    await this.settled()
    const end = Buffer.from(kinds.meta)
    await this.#level.compactRange(end, end)
  }

  /** Hears of every state node that a block writes. */
  onNodes(listener: (hash: Uint8Array) => void): () => void {
    this.#nodeListeners.add(listener)
    return () => this.#nodeListeners.delete(listener)
  }

  /** The hashes of all state nodes, some at a time. */
  async *nodeHashes(): AsyncGenerator<Uint8Array[]> {
    const keys = this.#level.keys({ gte: Buffer.from(kinds.node), lt: afterKind(kinds.node) })
    try {
      for (;;) {
        const some = await keys.nextv(1000)
        if (some.length === 0) return
        yield some.map((key) => key.subarray(1))
      }
    } finally {
      await keys.close()
    }
  }

  async removeNodes(hashes: readonly Uint8Array[]): Promise<void> {
    await this.#batch(
      hashes.map((hash) => ({ type: 'del', key: keyOf(kinds.node, hash) })),
      false,
    )
  }

  /** Removes the first block of the history: its transactions and receipts; its header stays. */
  async removeBlock(
    number: bigint,
    block: { hash: Hex; transactions: readonly Hex[] } | null,
  ): Promise<void> {
    const key = keyOf(kinds.meta, Buffer.from('history'))
    const keys = block ? keysOfBody(block) : []
    await this.#batch(
      [
        { type: 'put', key, value: numberKey(number + 1n) },
        ...keys.map((each): Operation => ({ type: 'del', key: each })),
      ],
      false,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#level.close()
  }

  #get(kind: string, key: Uint8Array): Uint8Array | undefined {
    return this.#level.getSync(keyOf(kind, key))
  }
}

function putBlock(
  put: (kind: string, key: Uint8Array, value: Uint8Array) => void,
  block: StoredBlock,
): void {
  const hash = fromHex(block.hash)
  put(kinds.header, hash, block.header)
  put(kinds.block, hash, block.block)
  put(kinds.senders, hash, block.senders)
  if (block.receipts !== null) put(kinds.receipts, hash, block.receipts)
  for (const node of block.state.nodes) put(kinds.node, node.hash, node.encoded)
  for (const { hash, code } of block.state.code) put(kinds.code, hash, code)
}

function keysOfBody({ hash, transactions }: { hash: Hex; transactions: readonly Hex[] }): Buffer[] {
  const key = fromHex(hash)
  return [
    ...[kinds.block, kinds.senders, kinds.receipts].map((kind) => keyOf(kind, key)),
    ...transactions.map((each) => keyOf(kinds.transaction, fromHex(each))),
  ]
}

function keyOf(kind: string, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 1)
  bytes[0] = kind.charCodeAt(0)
  bytes.set(key, 1)
  return bytes
}

function afterKind(kind: string): Buffer {
  return Buffer.of(kind.charCodeAt(0) + 1)
}

function numberKey(number: bigint): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeBigUInt64BE(number)
  return key
}

function place(blockHash: Hex, index: number): Buffer {
  const bytes = Buffer.allocUnsafe(36)
  bytes.set(fromHex(blockHash))
  bytes.writeUInt32BE(index, 32)
  return bytes
}

function encodePointers({ head, safe, finalized }: Pointers): Buffer {
  const none = new Uint8Array(32)
  return Buffer.concat([
    fromHex(head),
    safe === null ? none : fromHex(safe),
    finalized === null ? none : fromHex(finalized),
  ])
}

function hashOrNull(hash: Uint8Array | undefined): Hex | null {
  return hash === undefined || hash.every((byte) => byte === 0) ? null : toHex(hash)
}
