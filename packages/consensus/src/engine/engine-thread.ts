import type { Recover } from '@quoin/headers'
import { decodeRecord, type Message } from '../codec/messages.ts'
import { isNews } from '../core/is-news.ts'
import type { Commit } from '../core/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import { addPresence, readPresence } from './absence.ts'
import type { BftOptions } from './bft-options.ts'
import { decidedToParent, genesisParent, type Parent } from './chain-rules.ts'
import type { EngineEvent } from './engine-event.ts'
import { HeightRun } from './height-run.ts'
import { HeightWork } from './height-work.ts'
import { keepDecision } from './keep-decision.ts'
import type { Liveness } from './liveness.ts'
import { MessageIntake } from './message-intake.ts'
import { hasReasonToStart } from './start.ts'
import { type Offered, takeIn } from './take-in.ts'
import type { PeerId } from './transport.ts'
import type { SignedMessage } from './verify-message.ts'
import type { Witness } from './witness.ts'

export interface ThreadContext {
  options: BftOptions
  recover: Recover
  witness: Witness
  liveness: Liveness
  /** Ends with the engine. */
  signal: AbortSignal
  push(event: EngineEvent): void
  fail(error: unknown): void
  onDecided(decided: DecidedBlock): void
}

/** What an engine does about one event after another, from height to height. */
export class EngineThread {
  readonly #context: ThreadContext
  readonly #work: HeightWork
  readonly #intake: MessageIntake
  #run: HeightRun | null = null

  constructor(context: ThreadContext) {
    this.#context = context
    this.#work = new HeightWork(context)
    this.#intake = new MessageIntake({ ...context, ...context.options, recover: context.recover })
  }

  /** The height that is being decided; null before the first event. */
  get run(): HeightRun | null {
    return this.#run
  }

  /** Ends what goes on beside the thread. */
  stop(): void {
    this.#work.end()
  }

  async handle(event: EngineEvent): Promise<void> {
    const { witness, liveness } = this.#context
    if (event.type === 'resume') return this.#resume()
    const run = this.#run
    if (!run) return
    switch (event.type) {
      case 'due':
        if (event.height === run.state.height) await this.#begin(run)
        return
      case 'timeout':
        return this.#afterStep(await run.apply(event))
      case 'value':
        if (event.height !== run.state.height) return
        return this.#afterStep(await run.provide(event.round, event.block))
      case 'future':
        if (isNews(run.state, event.message)) await this.#hear(run, event.message)
        return
      case 'message':
        return this.#receive(run, event.message, event.from)
      case 'synced':
        if (!(await this.#takeIn(event))) liveness.askAgain()
        return
      case 'fork':
        return witness.compare(event.block.certificate)
      case 'connected':
        return liveness.greet(event.peer, run)
      case 'tick':
        return liveness.tick(run)
    }
  }

  /** Goes on where the node stopped: at the height in its log, when that is not decided yet. */
  async #resume(): Promise<void> {
    const { options, witness, liveness } = this.#context
    const { store, rules, wal, logger } = options
    const last = await store.byHeight(store.height)
    const log = wal.recovered.map(decodeRecord)
    await witness.restore(store, log)
    const presence = await readPresence(store, rules)
    const run = this.#open(last ? decidedToParent(last, presence) : genesisParent(rules))
    const { height } = run.state
    if (log[0]?.type === 'height' && log[0].height === height) {
      logger.info({ height }, 'takes up an undecided height from its log')
      await this.#afterStep(await run.replay(log))
    } else await wal.clear()
    if (this.#run === run) await this.#afterStep(await run.recall())
    if (this.#run === run && run.state.step === 'new') this.#work.waitUntilDue(run)
    liveness.begin(this.#run ?? run)
  }

  #open(parent: Parent): HeightRun {
    const { options, recover, signal, witness, push } = this.#context
    this.#work.renew()
    const run = new HeightRun(parent, {
      ...options,
      recover,
      signal,
      schedule: (timer) => this.#work.schedule(timer),
      requestValue: (round) => this.#work.requestValue(run, round),
      onEvidence: (evidence) => witness.report(evidence),
    })
    this.#run = run
    for (const message of this.#intake.takeEarly(run.state.height))
      push({ type: 'future', message })
    return run
  }

  async #receive(run: HeightRun, message: Message, from: PeerId): Promise<void> {
    switch (message.type) {
      case 'status':
        if (await this.#context.liveness.hear(message.status, from, run)) this.#work.wake()
        return
      case 'decided':
        await this.#takeIn({ blocks: [message.decided], from })
        return
      default:
        if (await this.#intake.admits(run, message, from)) await this.#hear(run, message)
    }
  }

  /** An authentic message of this height. */
  async #hear(run: HeightRun, message: SignedMessage): Promise<void> {
    if (message.type === 'proposal') {
      const { header, lastCommit } = message.block
      if (header.parentId !== run.parent.id && lastCommit)
        await this.#context.witness.compare(lastCommit)
    }
    const commit =
      message.type === 'vote'
        ? await run.apply(message)
        : await run.propose(message.proposal, message.block)
    await this.#afterStep(commit)
    if (this.#run !== run || run.state.step !== 'new') return
    if (hasReasonToStart(run.state)) await this.#begin(run)
    else this.#work.wake()
  }

  async #begin(run: HeightRun): Promise<void> {
    if (run.state.step !== 'new') return
    await this.#afterStep(await run.apply({ type: 'start' }))
    if (this.#run === run) this.#context.liveness.started(run)
  }

  #takeIn(offered: Offered): Promise<boolean> {
    const { options, recover, witness, liveness, signal } = this.#context
    return takeIn(offered, {
      rules: options.rules,
      recover,
      witness,
      liveness,
      run: () => (signal.aborted ? null : this.#run),
      adopt: async (run, commit, block) =>
        this.#afterStep(await run.adopt(commit, block), offered.from),
    })
  }

  async #afterStep(commit: Commit | null, from: PeerId | null = null): Promise<void> {
    const run = this.#run
    if (!commit || !run) return
    const { options, recover, onDecided, liveness } = this.#context
    const decided = await keepDecision(run, commit, { ...this.#context, from })
    const presence = addPresence(run.parent.presence, decided.block, options.rules, recover)
    const next = this.#open(decidedToParent(decided, presence))
    this.#work.waitUntilDue(next)
    liveness.entered(next)
    onDecided(decided)
  }
}
