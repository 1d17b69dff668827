import { ballotDigest, proposalDigest } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import type { Message } from '../codec/messages.ts'
import type { Effect, Proposal, Vote } from '../core/messages.ts'
import type { Statement } from '../storage/sign-guard.ts'
import type { HeightBlocks } from './height-blocks.ts'
import type { RunContext } from './run-context.ts'

type Ask<T extends Effect['type']> = Extract<Effect, { type: T }>

/** Signs what the core wants to say, as far as the guard allows, and sends it. */
export class Speaker {
  readonly #context: RunContext
  readonly #blocks: HeightBlocks
  /** Whether nobody can decide without us. */
  readonly #isAlone: boolean

  constructor(context: RunContext, blocks: HeightBlocks, isAlone: boolean) {
    this.#context = context
    this.#blocks = blocks
    this.#isAlone = isAlone
  }

  async vote({ ballot }: Ask<'vote'>): Promise<Vote | null> {
    const { domain } = this.#context.rules
    const signature = await this.#sign(ballot, ballotDigest(ballot, domain))
    return signature && { ...ballot, signature }
  }

  async propose({ body, proofOfLock }: Ask<'propose'>): Promise<Proposal | null> {
    const { domain } = this.#context.rules
    const signature = await this.#sign(body, proposalDigest(body, domain))
    return signature && { ...body, signature, proofOfLock }
  }

  /** Log first, then guard, then the wire: a signature on the disk always has its reasons there too. */
  async send(outgoing: readonly Message[]): Promise<void> {
    const { transport } = this.#context
    if (outgoing.length === 0 || transport.peers().length === 0) return
    await this.prepare()
    for (const message of outgoing) transport.broadcast(message)
    for (const message of outgoing)
      if (message.type === 'proposal') await this.#blocks.execute(message.proposal.id)
  }

  /** Before anything of ours leaves. */
  async prepare(): Promise<void> {
    await this.#context.wal.flush()
    await this.#context.guard.flush()
  }

  async #sign(statement: Statement, digest: Uint8Array): Promise<Hex | null> {
    const { signer, guard, logger } = this.#context
    if (!signer) return null
    try {
      return await guard.sign(statement, digest, () => signer.sign(digest))
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'CONFLICTING_SIGNATURE') throw error
      if (this.#isAlone) throw error
      logger.error({ err: error }, 'stays silent: it would contradict itself')
      return null
    }
  }
}
