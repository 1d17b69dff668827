import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../dag/cid.ts'
import { checkBlockSize } from '../dag/decode-node.ts'
import { ArtifactError } from '../errors.ts'
import type { BlockSource } from './block-source.ts'

export type PoolOptions = { blockTimeoutMs: number; rounds: number; retryMs: number }

type Member = { source: BlockSource; asked: number; failures: number; isBanned: boolean }
type Answer = { bytes: Uint8Array } | { word: string; isFinal: boolean }

/** A source that failed this often in a row is asked only when no other is left. */
const maxFailures = 3

/**
 * Asks the least busy healthy source first, then the others. A source that gives wrong bytes once is never
 * asked again; one that fails is asked last, and all are asked anew for some rounds.
 */
export class SourcePool {
  readonly #members: Member[]
  readonly #options: PoolOptions

  constructor(sources: readonly BlockSource[], options: PoolOptions) {
    this.#members = sources.map((source) => ({ source, asked: 0, failures: 0, isBanned: false }))
    this.#options = options
  }

  /**
   * The verified bytes of a block.
   * @throws ArtifactError `FETCH_FAILED` with what each source said
   */
  async get(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const words = new Map<string, string>()
    for (let round = 0; round < this.#options.rounds; round++) {
      if (round > 0) await pause(this.#options.retryMs * 2 ** round, signal)
      let canRetry = false
      for (const member of this.#inOrder()) {
        signal.throwIfAborted()
        const answer = await this.#ask(member, cid, signal)
        if ('bytes' in answer) return answer.bytes
        words.set(member.source.name, answer.word)
        if (!answer.isFinal) canRetry = true
      }
      if (!canRetry) break
    }
    throw fetchFailed(cid, words)
  }

  #inOrder(): Member[] {
    const weight = ({ failures, asked }: Member) => (failures >= maxFailures ? 1e6 : 0) + asked
    return this.#members
      .filter((member) => !member.isBanned)
      .toSorted((a, b) => weight(a) - weight(b))
  }

  async #ask(member: Member, cid: CID, signal: AbortSignal): Promise<Answer> {
    member.asked++
    try {
      const bytes = await within(this.#options.blockTimeoutMs, signal, (until) =>
        member.source.getBlock(cid, { signal: until }),
      )
      member.failures = 0
      if (!bytes) return { word: 'does not have it', isFinal: true }
      checkBlockSize(cid, bytes.length)
      await verifyBlock(cid, bytes, `from ${member.source.name}`)
      return { bytes }
    } catch (error) {
      signal.throwIfAborted()
      member.isBanned = error instanceof ArtifactError && isForged(error)
      member.failures++
      const word = error instanceof Error ? error.message.slice(0, 200) : 'failed'
      return { word, isFinal: member.isBanned }
    } finally {
      member.asked--
    }
  }
}

function isForged({ code }: ArtifactError): boolean {
  return code === 'BLOCK_CORRUPT' || code === 'BLOCK_TOO_LARGE'
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const forever = () => new Promise<void>(() => {})
  await within(ms, signal, forever).catch(() => signal.throwIfAborted())
}

/** Does not wait for a source that does not heed its signal. */
async function within<T>(
  ms: number,
  signal: AbortSignal,
  work: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const controller = new AbortController()
  const stop = (reason: unknown) => {
    controller.abort(reason)
    reject(reason)
  }
  const give = () => stop(signal.reason)
  const timer = setTimeout(() => stop(new Error(`gave no answer within ${ms} ms`)), ms)
  signal.addEventListener('abort', give, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work(controller.signal), promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', give)
  }
}

function fetchFailed(cid: CID, words: ReadonlyMap<string, string>): ArtifactError {
  const said = [...words].map(([name, word]) => `${name}: ${word}`).join('; ')
  return new ArtifactError(
    'FETCH_FAILED',
    `No source gave block ${cid} (${said || 'no source is left'}). Add a source or try again later: what was fetched stays`,
    { detail: { cid: cid.toString() } },
  )
}
