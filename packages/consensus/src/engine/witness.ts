import {
  type Certificate,
  certificateToCommit,
  commitToCertificate,
  isQuorum,
  type Recover,
} from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import type { DecidedBlock } from '../codec/decided.ts'
import type { LogRecord } from '../codec/messages.ts'
import type { Evidence, Vote } from '../core/messages.ts'
import { type CoreState, createCore } from '../core/state.ts'
import { step } from '../core/step.ts'
import { votesFor } from '../core/tally.ts'
import type { BlockStore } from '../storage/block-store.ts'
import type { EvidencePool } from '../storage/evidence-pool.ts'
import type { ChainRules } from './chain-rules.ts'
import type { SignedMessage } from './verify-message.ts'

/** Heights whose votes are still compared with what comes late. */
const rememberedHeights = 16

export interface WitnessContext {
  rules: ChainRules
  recover: Recover
  pool: EvidencePool
  /** A piece of evidence that is new. */
  onEvidence(evidence: Evidence): void
  logger: Logger
}

/**
 * Remembers the cores of the heights decided last: late votes make certificates fuller, and whatever
 * contradicts what was said before becomes evidence, which is kept.
 */
export class Witness {
  readonly #context: WitnessContext
  readonly #states = new Map<number, CoreState>()

  constructor(context: WitnessContext) {
    this.#context = context
  }

  evidence(): readonly Evidence[] {
    return this.#context.pool.list()
  }

  stateAt(height: number): CoreState | undefined {
    return this.#states.get(height)
  }

  /** Keeps and tells, unless it is known. */
  async report(evidence: Evidence): Promise<void> {
    if (await this.#context.pool.add(evidence)) this.#context.onEvidence(evidence)
  }

  /** An authentic message of a height that is over. */
  async hear(message: SignedMessage): Promise<void> {
    if (message.type === 'vote') return this.#note(message.vote)
    const state = this.#states.get(message.proposal.height)
    if (state) await this.#tell(state, { ...message, valid: false })
  }

  /** A height was decided: its core witnesses from now on. */
  async advance(state: CoreState): Promise<void> {
    this.#states.set(state.height, state)
    this.#states.delete(state.height - rememberedHeights)
    await this.#context.pool.age(state.height)
  }

  /**
   * After a restart: the certificates of the last heights are left, and all votes of the last one when its log
   * was not yet spent.
   */
  async restore(store: BlockStore, log: readonly LogRecord[]): Promise<void> {
    const first = Math.max(1, store.height - rememberedHeights + 1)
    for (let height = store.height; height >= first; height--) {
      const decided = await store.byHeight(height)
      if (!decided) return
      await this.#restoreHeight(decided)
    }
    for (const record of log) {
      if (record.type === 'vote') await this.#note(record.vote)
      if (record.type !== 'proposal') continue
      const state = this.#states.get(record.proposal.height)
      if (state) await this.#tell(state, record)
    }
  }

  async #restoreHeight(decided: DecidedBlock): Promise<void> {
    const { rules, recover } = this.#context
    const { height, proposer } = decided.block.header
    const validators = rules.validatorsAt(height)
    const state = createCore({ height, validators, self: null, proposerOf: () => proposer })
    const commit = certificateToCommit(decided.certificate, validators, rules.domain, recover)
    await this.#tell(state, { type: 'commit', commit })
    this.#states.set(height, state)
  }

  /** The certificate of a decided block with the precommits that came later. */
  fullCertificate({ certificate, block }: DecidedBlock): Certificate {
    const { rules, recover } = this.#context
    const { height, round, id } = certificate
    const tally = this.#states.get(height)?.rounds.get(round)?.precommits
    if (!tally) return certificate
    const validators = rules.validatorsAt(block.header.height)
    const commit = certificateToCommit(certificate, validators, rules.domain, recover)
    const votes = new Map<string, Vote>()
    for (const vote of [...votesFor(tally, id, -1), ...commit.precommits])
      votes.set(vote.validator, vote)
    return commitToCertificate({ height, round, id, precommits: [...votes.values()] })
  }

  /**
   * A certificate of a recent height that may be for another block than ours: then more than a third of
   * the power is dishonest, and its signatures against those that we have seen convict them.
   */
  async compare(certificate: Certificate): Promise<void> {
    const { rules, recover, logger } = this.#context
    const state = this.#states.get(certificate.height)
    if (!state || certificate.signatures.length > state.validators.validators.length) return
    try {
      const { validators } = state
      const commit = certificateToCommit(certificate, validators, rules.domain, recover)
      const power = commit.precommits.reduce((sum, v) => sum + validators.powerOf(v.validator), 0n)
      if (!isQuorum(validators, power)) return
      if (!isOurs(certificate, state)) {
        const { height, id, round } = certificate
        logger.error({ height, round, id }, 'a quorum decided another block: the chain is split')
      }
      for (const vote of commit.precommits) await this.#note(vote)
    } catch (error) {
      if (!(error instanceof CodedError) || !error.code.startsWith('INVALID_')) throw error
    }
  }

  async #note(vote: Vote): Promise<void> {
    const state = this.#states.get(vote.height)
    if (state) await this.#tell(state, { type: 'vote', vote })
  }

  async #tell(state: CoreState, input: Parameters<typeof step>[1]): Promise<void> {
    for (const effect of step(state, input))
      if (effect.type === 'evidence') await this.report(effect.evidence)
  }
}

/** Whether a quorum that we know precommitted the same block. */
function isOurs({ id }: Certificate, { rounds, validators }: CoreState): boolean {
  for (const { precommits } of rounds.values()) {
    const votes = votesFor(precommits, id, -1)
    if (
      isQuorum(
        validators,
        votes.reduce((sum, v) => sum + validators.powerOf(v.validator), 0n),
      )
    )
      return true
  }
  return false
}
