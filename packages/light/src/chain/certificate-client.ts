import { CodedError } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import { compareWitness, type WitnessReport } from '../fork/compare-witness.ts'
import { type ForkEvidence, forkEvidence } from '../fork/fork-evidence.ts'
import type { LightClient, LightClientOptions } from '../light-client.ts'
import type { BlockSource } from '../provider/block-source.ts'
import { firstThatAnswers, isAway } from '../provider/first-that-answers.ts'
import { ancestors, descendTo } from './descend.ts'
import { skipTo, walkTo } from './follow.ts'
import type { LightBlock } from './light-block.ts'
import { mergePoints, serializeState, type TrustState } from './trust-state.ts'
import {
  blockToPoint,
  checkTrust,
  type HeaderRules,
  signersOf,
  type TrustedPoint,
} from './verify-header.ts'

/** Down to that many blocks below a trusted one, hash links are cheaper than certificates. */
const nearBlocks = 128
const mostInRange = 10_000

export class CertificateClient implements LightClient {
  readonly #options: LightClientOptions
  readonly #sources: readonly BlockSource[]
  readonly #state: TrustState
  readonly #signers = new WeakMap<LightBlock, ReturnType<typeof signersOf>>()
  #witnesses: WitnessReport[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: LightClientOptions, sources: readonly BlockSource[], state: TrustState) {
    this.#options = options
    this.#sources = sources
    this.#state = state
  }

  get root() {
    return this.#state.root
  }

  get chainId() {
    return this.#state.domain.chainId
  }

  get genesisId() {
    return this.#state.domain.genesisId
  }

  get fork() {
    return this.#state.fork
  }

  get witnesses() {
    return this.#witnesses
  }

  get providers() {
    return this.#options.providers
  }

  get newest(): TrustedPoint {
    const newest = this.#state.points.at(-1)
    if (!newest) throw new Error('A state has at least its root')
    return newest
  }

  update(options: { signal?: AbortSignal } = {}): Promise<TrustedPoint> {
    const signal = options.signal ?? new AbortController().signal
    return this.#inTurn(async () => {
      await firstThatAnswers(this.#sources, (source) => this.#follow(source, signal))
      for (const source of this.#sources.slice(1))
        if (this.#isStale) await this.#follow(source, signal).catch(passOver)
      if (this.#isStale) throw this.#staleError()
      return this.newest
    })
  }

  at(height: number, options: { signal?: AbortSignal } = {}): Promise<TrustedPoint> {
    const signal = options.signal ?? new AbortController().signal
    return this.#inTurn(async () => {
      const known = this.#state.points.find((point) => point.height === height)
      if (known) return known
      if (height > this.newest.height)
        throw lightError(
          'NOT_AVAILABLE',
          `Height ${height} is beyond the newest proven block, ${this.newest.height}`,
        )
      const proven = await firstThatAnswers(this.#sources, (source) =>
        this.#reach(height, source, signal),
      )
      await this.#keep([proven])
      return proven
    })
  }

  async range(
    from: number,
    to: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<TrustedPoint[]> {
    const signal = options.signal ?? new AbortController().signal
    if (to - from >= mostInRange)
      throw lightError('TOO_MUCH', `${to - from + 1} blocks at once, at most ${mostInRange}`)
    const top = await this.at(to, options)
    const lowest = Math.max(from, 1)
    return this.#inTurn(() =>
      firstThatAnswers(this.#sources, async (source) => {
        const points = top.height >= lowest ? [top] : []
        for await (const block of ancestors(top, lowest, { source, signal }))
          points.push(blockToPoint(block))
        return points.reverse()
      }),
    )
  }

  /** One thing at a time: the state is read, then changed. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      this.#refuseFork()
      return work()
    })
    this.#turn = result.catch(() => {})
    return result
  }

  get #rules(): HeaderRules {
    const { trustingPeriodMs, maxClockDriftMs } = this.#limits
    const { domain } = this.#state
    return {
      domain,
      trustingPeriodMs,
      maxClockDriftMs,
      nowMs: this.#nowMs(),
      signersOf: (block) => {
        const known = this.#signers.get(block)
        if (known) return known
        const signers = signersOf(block, domain)
        this.#signers.set(block, signers)
        return signers
      },
    }
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)()
  }

  async #follow(source: BlockSource, signal: AbortSignal): Promise<void> {
    const rules = this.#rules
    const from = this.newest
    checkTrust(from, rules)
    const target = await source.block('latest', signal)
    if (!target || target.header.height < from.height) return
    if (from.block && target.header.height >= from.height)
      await this.#checkSameHistory(source, target, signal)
    if (target.header.height === from.height) return
    const follow = this.#options.mode === 'sequential' ? walkTo : skipTo
    const proven = await follow(target, from, { source, rules, signal })
    await this.#askWitnesses({ block: target, from, ours: source, rules, signal })
    await this.#keep(proven)
  }

  /** The server must have our newest block: else it shows another history, certified or not. */
  async #checkSameHistory(source: BlockSource, target: LightBlock, signal: AbortSignal) {
    const ours = this.newest
    if (!ours.block) return
    const theirs =
      target.header.height === ours.height ? target : await source.blockAt(ours.height, signal)
    if (theirs.id === ours.id) return
    const cause = await this.#whyUnproven(theirs, source, signal)
    if (!cause)
      await this.#freeze(forkEvidence(ours.block, theirs, this.#state.domain), source.name)
    throw lightError(
      'SERVER_LIED',
      `${source.name} shows another block at height ${ours.height} than the one that is trusted, without proof`,
      { cause },
    )
  }

  /** Null when a block is proven by what is trusted below the newest. */
  async #whyUnproven(block: LightBlock, source: BlockSource, signal: AbortSignal) {
    const below = this.#state.points.at(-2)
    if (!below) return new Error('Nothing below it is trusted')
    try {
      await skipTo(block, below, { source, rules: this.#rules, signal })
      return null
    } catch (error) {
      if (error instanceof CodedError && !isAway(error)) return error
      throw error
    }
  }

  async #askWitnesses(found: Omit<Parameters<typeof compareWitness>[0], 'witness'>): Promise<void> {
    const witnesses = this.#sources.filter((source) => source !== found.ours)
    const answers = await Promise.all(
      witnesses.map((witness) => compareWitness({ ...found, witness })),
    )
    this.#witnesses = answers.map(({ report }) => report)
    for (const { fork, report } of answers) if (fork) await this.#freeze(fork, report.name)
  }

  /** The nearest trusted block proves it: from above by hash links, from below by certificates. */
  async #reach(height: number, source: BlockSource, signal: AbortSignal): Promise<TrustedPoint> {
    const { points } = this.#state
    const above = points.find((point) => point.height > height)
    const below = points.findLast((point) => point.height < height)
    const rules = this.#rules
    const isFar = above !== undefined && above.height - height > nearBlocks
    const isFresh = below && this.#nowMs() - below.timeMs <= rules.trustingPeriodMs
    if (above && !(isFar && isFresh)) return descendTo(height, above, { source, signal })
    const target = await source.blockAt(height, signal)
    const proven = below ? await skipTo(target, below, { source, rules, signal }) : []
    const last = proven.at(-1)
    if (!last) throw lightError('NOT_AVAILABLE', `Height ${height} is below the root of trust`)
    return last
  }

  async #keep(proven: readonly TrustedPoint[]): Promise<void> {
    this.#state.points = mergePoints(this.#state.points, proven)
    await this.#options.store?.save(serializeState(this.#state))
  }

  async #freeze(fork: ForkEvidence, name: string): Promise<never> {
    this.#state.fork = fork
    await this.#options.store?.save(serializeState(this.#state))
    throw forkError(fork, name)
  }

  #refuseFork(): void {
    if (this.#state.fork) throw forkError(this.#state.fork, 'an earlier answer')
  }

  get #isStale(): boolean {
    return this.#nowMs() - this.newest.timeMs > this.#limits.maxHeadAgeMs
  }

  #staleError() {
    const { maxHeadAgeMs } = this.#limits
    const { height, timeMs } = this.newest
    const ageMs = this.#nowMs() - timeMs
    return lightError(
      'HEAD_STALE',
      `The newest block that is proven (height ${height}) is ${Math.round(ageMs / 1000)} s old, more than the ${Math.round(maxHeadAgeMs / 1000)} s allowed: the chain stands still, or the servers hide its newer blocks. Ask another server`,
      { detail: { height, ageMs, maxHeadAgeMs } },
    )
  }

  get #limits() {
    const { trustingPeriodMs, maxClockDriftMs, maxHeadAgeMs } = this.#options
    return {
      trustingPeriodMs: trustingPeriodMs ?? 7 * 86_400_000,
      maxClockDriftMs: maxClockDriftMs ?? 10_000,
      maxHeadAgeMs: maxHeadAgeMs ?? 5 * 60_000,
    }
  }
}

function forkError(fork: ForkEvidence, name: string): CodedError<'CHAIN_FORKED'> {
  const accused = fork.duplicates.length
  return new CodedError(
    'CHAIN_FORKED',
    `The chain has two certified blocks at height ${fork.height} (shown by ${name}): more than a third of its validators are dishonest, and nothing it says can be believed. The evidence is kept${accused ? `; it convicts ${accused} validators of signing twice` : ''}. Find out which history is the right one, and begin anew from a checkpoint in it`,
    { detail: { height: fork.height } },
  )
}

/** A server that is down is no reason to refuse what another one proved. */
function passOver(error: unknown): void {
  if (!isAway(error)) throw error
}
