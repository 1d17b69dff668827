import { blockId } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import type { Proposal } from '../core/messages.ts'
import type { Parent } from './chain-rules.ts'
import { checkBlock, isTimely } from './check-block.ts'
import { executeBlock } from './execute.ts'
import type { RunContext } from './run-context.ts'

interface Known {
  block: ConsensusBlock
  executed: boolean
}

/** The blocks that one height talks about, and what this node has found of each. */
export class HeightBlocks {
  readonly #parent: Parent
  readonly #context: RunContext
  /** Writes a block to the log, before anything names it. */
  readonly #log: (block: ConsensusBlock) => void
  readonly #blocks = new Map<Hex, Known>()
  /** What block rules and execution say of a block: a property of the block alone, not of the proposal. */
  readonly #verdicts = new Map<Hex, boolean>()

  constructor(parent: Parent, context: RunContext, log: (block: ConsensusBlock) => void) {
    this.#parent = parent
    this.#context = context
    this.#log = log
  }

  get(id: Hex): ConsensusBlock | null {
    return this.#blocks.get(id)?.block ?? null
  }

  /** One that we made. Gives its id. */
  addOwn(block: ConsensusBlock): Hex {
    const id = blockId(block.header)
    this.#add(id, block)
    this.#verdicts.set(id, true)
    return id
  }

  /** One that a quorum decided. @throws CodedError `INVALID_…` */
  addCertified(id: Hex, block: ConsensusBlock): void {
    const { rules, recover } = this.#context
    checkBlock(block, { parent: this.#parent, rules, recover, nowMs: null, isCertified: true })
    this.#add(id, block)
  }

  /** One that the log holds: only good ones get there. */
  restore(block: ConsensusBlock): void {
    const id = blockId(block.header)
    this.#blocks.set(id, { block, executed: false })
    this.#verdicts.set(id, true)
  }

  /** Whether a proposal's block is one to vote for: fits the proposal, keeps the rules, and can be executed. */
  async isGood(proposal: Proposal, block: ConsensusBlock): Promise<boolean> {
    return this.#fits(proposal, block) && (await this.#judge(proposal, block))
  }

  /** @throws CodedError `EXECUTION_FAILED` when execution finds it invalid all the same */
  async execute(id: Hex): Promise<void> {
    const known = this.#blocks.get(id)
    if (!known || known.executed) return
    if (!(await executeBlock(known.block, this.#context)))
      throw new CodedError(
        'EXECUTION_FAILED',
        `Execution finds block ${known.block.header.height} invalid, which this node built or a quorum decided`,
      )
    known.executed = true
  }

  #add(id: Hex, block: ConsensusBlock, executed = false): void {
    if (this.#blocks.has(id)) return
    this.#blocks.set(id, { block, executed })
    this.#log(block)
  }

  /**
   * What a proposal must be besides its block: a fresh one has a block of its own round, and not from our
   * future; one with a proof of lock a block from before, whose time a quorum has let pass.
   */
  #fits({ round, validRound, proposer }: Proposal, block: ConsensusBlock): boolean {
    const { clock, logger, maxDriftMs } = this.#context
    if (validRound >= 0) return block.header.round <= validRound
    if (block.header.round !== round) return false
    const aheadMs = block.header.timeMs - clock.now()
    const timely = isTimely(block, clock.now(), maxDriftMs)
    if (!timely) logger.warn({ proposer, aheadMs }, 'a block from our future: check the clocks')
    return timely
  }

  async #judge({ id, proposer }: Proposal, block: ConsensusBlock): Promise<boolean> {
    const known = this.#verdicts.get(id)
    if (known !== undefined) return known
    const { logger } = this.#context
    const reason = await reasonAgainst(async () => {
      checkBlock(block, { ...this.#context, parent: this.#parent, nowMs: null })
      if (!(await executeBlock(block, this.#context)))
        throw new CodedError('INVALID_BLOCK', 'Execution finds its payload invalid')
    })
    const valid = reason === null
    if (!valid) logger.warn({ id, proposer, reason }, 'invalid block')
    this.#verdicts.set(id, valid)
    if (valid) this.#add(id, block, true)
    return valid
  }
}

/** Why a block is invalid, or null; other errors are ours, and pass. */
async function reasonAgainst(check: () => Promise<void>): Promise<string | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (error instanceof CodedError && error.code.startsWith('INVALID_')) return error.message
    throw error
  }
}
