import type { Recover } from '@quoin/headers'
import { createFutureMessages } from '../core/future-messages.ts'
import { isNews, isProven } from '../core/is-news.ts'
import type { ChainRules } from './chain-rules.ts'
import { blockWeight } from './engine-event.ts'
import type { HeightRun } from './height-run.ts'
import type { Liveness } from './liveness.ts'
import type { PeerId, Transport } from './transport.ts'
import {
  contentKey,
  heightOf,
  isAuthentic,
  type SignedMessage,
  senderOf,
} from './verify-message.ts'
import type { Witness } from './witness.ts'

/** Of one validator's messages for the next height. */
const futureWeight = 512

export interface MessageIntakeContext {
  rules: ChainRules
  transport: Transport
  recover: Recover
  witness: Witness
  liveness: Liveness
}

/** Where the votes and proposals that peers bring belong: here and now, to a height that is over, or to the next. */
export class MessageIntake {
  readonly #context: MessageIntakeContext
  readonly #future = createFutureMessages<SignedMessage>({
    perSender: futureWeight,
    heights: 1,
    weigh: (message) => (message.type === 'vote' ? 1 : blockWeight),
    keyOf: contentKey,
    prefers: (fresh, kept) => this.#isFuller(fresh, kept),
  })

  constructor(context: MessageIntakeContext) {
    this.#context = context
  }

  /** The authentic messages that came early for a height which now begins. */
  takeEarly(height: number): SignedMessage[] {
    return this.#future.take(height)
  }

  /**
   * Whether a message is authentic and news for the height that is decided. Cheap questions first: height,
   * news, and only then signatures.
   */
  async admits(run: HeightRun, message: SignedMessage, from: PeerId): Promise<boolean> {
    const { transport, witness, liveness } = this.#context
    const height = heightOf(message)
    const ahead = height - run.state.height
    if (ahead > 1) {
      liveness.greet(from, run)
      return false
    }
    if (!this.#isNews(run, message, ahead)) return false
    if (!this.#isAuthentic(message)) {
      transport.report(from, 'invalid')
      return false
    }
    if (ahead < 0) await witness.hear(message)
    if (ahead > 0) this.#future.add(height, senderOf(message), message)
    return ahead === 0
  }

  #isNews(run: HeightRun, message: SignedMessage, ahead: number): boolean {
    const height = heightOf(message)
    if (ahead > 0) return this.#future.wants(height, senderOf(message), message)
    const state = ahead < 0 ? this.#context.witness.stateAt(height) : run.state
    return state !== undefined && isNews(state, message)
  }

  #isAuthentic(message: SignedMessage): boolean {
    const { rules, recover } = this.#context
    const { domain } = rules
    return isAuthentic(message, {
      validators: rules.validatorsAt(heightOf(message)),
      domain,
      recover,
    })
  }

  /** Whether a copy of a proposal has the proof of lock that another copy lacks. */
  #isFuller(fresh: SignedMessage, kept: SignedMessage): boolean {
    if (fresh.type !== 'proposal' || kept.type !== 'proposal') return false
    const validators = this.#context.rules.validatorsAt(fresh.proposal.height)
    return isProven(fresh.proposal, validators) && !isProven(kept.proposal, validators)
  }
}
