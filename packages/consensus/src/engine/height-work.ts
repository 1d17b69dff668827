import type { Recover } from '@quoin/headers'
import type { Timer } from '../core/messages.ts'
import { timerDurationMs } from '../core/timers.ts'
import type { BftOptions } from './bft-options.ts'
import { buildBlock } from './build-block.ts'
import { earliestTimeMs } from './chain-rules.ts'
import type { EngineEvent } from './engine-event.ts'
import type { HeightRun } from './height-run.ts'
import { waitForDue } from './pacemaker.ts'
import type { Witness } from './witness.ts'

export interface HeightWorkContext {
  options: BftOptions
  recover: Recover
  witness: Witness
  push(event: EngineEvent): void
  fail(error: unknown): void
}

/** What goes on beside the engine's thread for one height and ends with it: timers, the wait for its beginning, the making of a block. */
export class HeightWork {
  readonly #context: HeightWorkContext
  #scope = new AbortController()
  #wake: () => void = () => {}

  constructor(context: HeightWorkContext) {
    this.#context = context
  }

  /** Ends the work for the height before. */
  renew(): void {
    this.#scope.abort()
    this.#scope = new AbortController()
  }

  end(): void {
    this.#scope.abort()
  }

  schedule(timer: Timer): void {
    const { options, push } = this.#context
    const { signal } = this.#scope
    const pending = options.clock.after(timerDurationMs(timer, options.timers), () => {
      signal.removeEventListener('abort', cancel)
      push({ type: 'timeout', timer })
    })
    const cancel = () => pending[Symbol.dispose]()
    signal.addEventListener('abort', cancel, { once: true })
  }

  waitUntilDue({ parent, state }: HeightRun): void {
    const { options, push, fail } = this.#context
    const { pace, rules } = options
    const { signal } = this.#scope
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const times = { lastBlockMs: parent.timeMs, earliestMs: earliestTimeMs(parent, rules) }
    waitForDue(times, pace, { ...options, woken, signal }).then(
      () => push({ type: 'due', height: state.height }),
      (error) => signal.aborted || fail(error),
    )
  }

  /** Others have begun: the wait goes on no longer than the block time. */
  wake(): void {
    this.#wake()
  }

  requestValue(run: HeightRun, round: number): void {
    const { options, recover, witness, push } = this.#context
    const { signer, clock } = options
    const { signal } = this.#scope
    const { parent } = run
    if (!signer) return
    const lastCommit = parent.decided && witness.fullCertificate(parent.decided)
    const build = { ...options, signer, parent, round, lastCommit, recover, nowMs: clock.now() }
    buildBlock(build).then(
      (block) => push({ type: 'value', height: run.state.height, round, block }),
      (error) => signal.aborted || this.#cannotBuild(run, error),
    )
  }

  /** Others can make the next block, if there are any. */
  #cannotBuild(run: HeightRun, error: unknown): void {
    const { options, fail } = this.#context
    if (run.decidesAlone()) fail(error)
    else options.logger.error({ err: error }, 'could not make a block: leaves the round to others')
  }
}
