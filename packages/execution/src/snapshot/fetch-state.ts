import { setImmediate as nextTurn } from 'node:timers/promises'
import { CodedError } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Store } from '../chain/store.ts'
import { toHex } from '../codec/bytes.ts'
import { HashSet } from '../prune/hash-set.ts'
import { hashKey, type StateWrites } from '../state/node-store.ts'
import { emptyTrieRoot } from '../state/trie.ts'
import { partsBelow, readPart, type StatePart } from './state-parts.ts'

/**
 * Gives the bytes whose keccak256 each hash is, null where it has none. At most `partsPerRequest` at a
 * time; what comes is checked, so it may be anybody's.
 */
export type FetchParts = (
  hashes: Uint8Array[],
  options: { signal: AbortSignal },
) => Promise<(Uint8Array | null)[]>

export const partsPerRequest = 1024
const requestsAtOnce = 4
/** A part that so many requests did not bring, each of which asks all there are, is nowhere to be had. */
const maxAttempts = 3
/** Parts walked through before everyone else on the thread has a turn. */
const walkedInOneTurn = 1000

export interface StateProgress {
  /** Nodes and codes that are on the disk, and how many are known to be missing still. */
  parts: number
  waiting: number
}

export interface FetchStateOptions {
  fetch: FetchParts
  signal: AbortSignal
  onProgress?: (progress: StateProgress) => void
}

/**
 * Brings a whole state into the store, from its root down: every part is asked for by its hash, so
 * nobody need be trusted. Parts that are there already are walked through; a stop loses nothing.
 * Depth first, so that what waits stays small however big the state is.
 * @throws CodedError STATE_UNAVAILABLE when parts cannot be had
 */
export async function fetchState(
  store: Store,
  stateRoot: Uint8Array,
  options: FetchStateOptions,
): Promise<void> {
  if (Buffer.compare(stateRoot, emptyTrieRoot) === 0) return
  const fetching = new StateFetch(store, options)
  fetching.add({ kind: 'account node', hash: stateRoot })
  await Promise.all(Array.from({ length: requestsAtOnce }, () => fetching.work()))
}

class StateFetch {
  readonly #store: Store
  readonly #options: FetchStateOptions
  /** Codes and storage that many accounts have in common are walked through once. */
  readonly #known = new HashSet()
  readonly #waiting: { part: StatePart; attempts: number }[] = []
  /** Asked for or walked through just now, with those who wait for work meanwhile. */
  #underway = 0
  #idle: (() => void)[] = []
  #parts = 0
  #failure: unknown = null

  constructor(store: Store, options: FetchStateOptions) {
    this.#store = store
    this.#options = options
  }

  add(part: StatePart): void {
    if (this.#known.add(part.hash)) this.#waiting.push({ part, attempts: 0 })
  }

  async work(): Promise<void> {
    for (;;) {
      const batch = await this.#nextBatch()
      if (batch.length === 0) return
      this.#underway += 1
      try {
        await this.#bring(batch)
      } catch (error) {
        this.#failure ??= error
      } finally {
        this.#release()
      }
      if (this.#failure) throw this.#failure
      this.#options.onProgress?.({ parts: this.#parts, waiting: this.#waiting.length })
    }
  }

  async #nextBatch() {
    for (;;) {
      this.#options.signal.throwIfAborted()
      if (this.#failure) throw this.#failure
      if (this.#waiting.length > 0) {
        const batch = await this.#takeMissing()
        if (batch.length > 0) return batch
        continue
      }
      if (this.#underway === 0) return []
      await new Promise<void>((resolve) => this.#idle.push(resolve))
    }
  }

  #release(): void {
    this.#underway -= 1
    for (const wake of this.#idle.splice(0)) wake()
  }

  /** Walks through what the store has, and takes what it lacks. */
  async #takeMissing() {
    const missing: { part: StatePart; attempts: number }[] = []
    let walked = 0
    this.#underway += 1
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      const known = readPart(this.#store, next.part)
      if (known) this.#arrived(next.part, known)
      else missing.push(next)
      if (missing.length === partsPerRequest) break
      walked += 1
      if (walked % walkedInOneTurn !== 0) continue
      await nextTurn()
      if (this.#options.signal.aborted) break
    }
    this.#release()
    return missing
  }

  async #bring(batch: { part: StatePart; attempts: number }[]): Promise<void> {
    const { fetch, signal } = this.#options
    const hashes = batch.map(({ part }) => part.hash)
    const found = await fetch(hashes, { signal })
    const writes: StateWrites = { nodes: [], code: [] }
    const good: { part: StatePart; bytes: Uint8Array }[] = []
    for (const [index, { part, attempts }] of batch.entries()) {
      const bytes = found[index]
      if (bytes && Buffer.compare(keccak256(bytes), part.hash) === 0) {
        good.push({ part, bytes })
        if (part.kind === 'code') writes.code.push({ hash: part.hash, code: bytes })
        else writes.nodes.push({ key: hashKey(part.hash), hash: part.hash, encoded: bytes })
      } else if (attempts + 1 < maxAttempts) this.#waiting.push({ part, attempts: attempts + 1 })
      else
        throw new CodedError(
          'STATE_UNAVAILABLE',
          `No peer has the ${part.kind} ${toHex(part.hash)} of the state: try again, or from a newer snapshot`,
        )
    }
    await this.#store.writeState(writes)
    for (const { part, bytes } of good) this.#arrived(part, bytes)
  }

  #arrived(part: StatePart, bytes: Uint8Array): void {
    this.#parts += 1
    for (const below of partsBelow(part, bytes)) this.add(below)
  }
}
