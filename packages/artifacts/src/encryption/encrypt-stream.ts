import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { type ChunkPool, createChunkPool } from '../importing/chunk-pool.ts'
import {
  capacityOf,
  deriveFileKey,
  encodeHeader,
  type Header,
  headerBytes,
  newHeader,
  nonceOf,
} from './segments.ts'

/**
 * Encrypts a stream under a content key (32 bytes) in the format of segments.ts, with a fresh salt each
 * time. Gives pieces of 1 MiB, so that a UnixFS import need not cut them again.
 * @throws ArtifactError `INVALID_KEY`
 */
export async function* encryptStream(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  contentKey: Uint8Array,
  pools: CipherPools = { input: null, output: createChunkPool() },
): AsyncGenerator<Uint8Array> {
  const header = newHeader()
  const sealer = new Sealer(header, deriveFileKey(contentKey, header), pools)
  for await (const piece of source) yield* sealer.add(piece)
  yield* sealer.finish()
}

/** Where the source's arrays go back to, and where those that go out come from. */
type CipherPools = { input: ChunkPool | null; output: ChunkPool }

/** Seals segments straight into the piece that goes out. */
class Sealer {
  readonly #header: Header
  readonly #key: KeyObject
  readonly #pools: CipherPools
  #out: Uint8Array
  #at = headerBytes
  #index = 0
  #room = capacityOf(0)
  /** What the segment begun will hold. It is sealed when more comes, for the last one says that it is. */
  #held: Uint8Array[] = []
  /** Pieces used up but for what is held. */
  #spent: Uint8Array[] = []

  constructor(header: Header, key: Uint8Array, pools: CipherPools) {
    this.#header = header
    this.#key = createSecretKey(key)
    this.#pools = pools
    this.#out = pools.output.take()
    this.#out.set(encodeHeader(header))
  }

  *add(piece: Uint8Array): Generator<Uint8Array> {
    let rest = piece
    while (rest.length > 0) {
      if (this.#room === 0) yield* this.#seal(false)
      const taken = rest.subarray(0, this.#room)
      rest = rest.subarray(taken.length)
      this.#room -= taken.length
      this.#held.push(taken)
    }
    this.#spent.push(piece)
  }

  *finish(): Generator<Uint8Array> {
    yield* this.#seal(true)
    if (this.#at > 0) yield this.#out.subarray(0, this.#at)
  }

  *#seal(isLast: boolean): Generator<Uint8Array> {
    const nonce = nonceOf(this.#header, this.#index, isLast)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    for (const held of this.#held) this.#append(cipher.update(held))
    cipher.final()
    this.#append(cipher.getAuthTag())
    this.#held = []
    for (const piece of this.#spent.splice(0)) this.#pools.input?.give(piece)
    this.#index++
    this.#room = capacityOf(this.#index)
    if (this.#at < this.#out.length) return
    yield this.#out
    this.#out = this.#pools.output.take()
    this.#at = 0
  }

  #append(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#at)
    this.#at += bytes.length
  }
}
