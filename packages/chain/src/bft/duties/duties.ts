import type { BlockStore, ConsensusEngine, Evidence } from '@quoin/consensus'
import { accusedOf, encodeHeaderPreimage, type ValidatorSet } from '@quoin/headers'
import { bytesToHex, type Hex, type Logger, Scope } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import type { BftGenesis } from '../../genesis-schema.ts'
import { evidenceToCall } from './evidence-call.ts'
import { type LocalClient, staking } from './local-client.ts'
import { type Duty, Sender } from './sender.ts'

export interface DutiesOptions {
  client: LocalClient
  engine: Pick<ConsensusEngine, 'onDecided' | 'onEvidence' | 'evidence'>
  blocks: BlockStore
  validatorsAt(height: number): ValidatorSet
  settings: BftGenesis
  /** Whether this validator comes back by itself when its time in jail is over. */
  isUnjailing: boolean
  logger: Logger
}

/** The contract can look up no older blocks (EIP-2935), less some for the way there. */
const maxLookBack = 8000
/** Epochs whose absences are still reported when nobody did. */
const reportedEpochs = 3
/** What the contract refused may only have come at a bad time. */
const retryBlocks = 200

/**
 * What a validator does for its chain with transactions from its own account: tells the contract the
 * genesis' id, brings evidence, reports absence, returns from jail. Each is done by whoever's turn it is
 * by height, when the state says that nobody has: so one does it, and if that one is away the next. All is
 * derived from the chain and the evidence that is kept: a restart forgets nothing and repeats nothing.
 */
export function startDuties(options: DutiesOptions): AsyncDisposable {
  return new Duties(options)
}

class Duties implements AsyncDisposable {
  readonly #options: DutiesOptions
  readonly #self: Hex
  readonly #sender: Sender
  readonly #scope = new Scope()
  /** Evidence that the contract refused, by the height at which to try again. */
  readonly #refused = new WeakMap<Evidence, number>()
  #isGenesisKnown = false
  #isGenesisLost = false
  #running: Promise<void> | null = null

  constructor(options: DutiesOptions) {
    this.#options = options
    const { client, engine, logger } = options
    this.#self = lowerCase(client.account.address)
    this.#sender = new Sender(client, logger)
    this.#scope.defer(engine.onDecided(() => this.#wake()))
    this.#scope.defer(engine.onEvidence(() => this.#wake()))
  }

  #wake(): void {
    if (this.#running || this.#scope.signal.aborted) return
    this.#running = this.#run()
      .catch((err) => {
        if (!this.#scope.signal.aborted)
          this.#options.logger.warn({ err }, 'a duty could not be done; it is tried again')
      })
      .finally(() => {
        this.#running = null
      })
  }

  async #run(): Promise<void> {
    const height = this.#options.blocks.height
    if (await this.#sender.isWaiting(height)) return
    const duty =
      (await this.#unjail(height)) ?? (this.#isOurTurn(height) ? await this.#common(height) : null)
    if (duty) await this.#sender.send(duty, height)
  }

  /** One validator per height, all in turn. */
  #isOurTurn(height: number): boolean {
    const { validators } = this.#options.validatorsAt(height + 1)
    return validators[height % validators.length]?.address === this.#self
  }

  async #common(height: number): Promise<Duty | null> {
    return (
      (await this.#recordGenesis(height)) ??
      (await this.#bringEvidence(height)) ??
      (await this.#reportAbsence(height))
    )
  }

  async #recordGenesis(height: number): Promise<Duty | null> {
    if (this.#isGenesisKnown || this.#isGenesisLost || height < 1) return null
    const { client, logger } = this.#options
    const id = await client.readContract({ ...staking, functionName: 'genesisId' })
    this.#isGenesisKnown = BigInt(id) !== 0n
    if (this.#isGenesisKnown) return null
    if (height > maxLookBack) {
      this.#isGenesisLost = true
      logger.error(
        { height },
        'nobody told the Staking contract the genesis in time: faults cannot be punished on this chain',
      )
      return null
    }
    const data = encodeFunctionData({ abi: staking.abi, functionName: 'recordGenesis' })
    return { what: 'the genesis is told to the Staking contract', data }
  }

  async #bringEvidence(height: number): Promise<Duty | null> {
    if (!this.#isGenesisKnown) return null
    for (const evidence of this.#options.engine.evidence()) {
      const accused = accusedOf(evidence)
      const isTooEarly = accused.height > height || height < (this.#refused.get(evidence) ?? 0)
      if (isTooEarly || accused.validator === this.#self) continue
      const { isTombstoned } = await this.#validator(accused.validator)
      if (isTombstoned) continue
      const data = evidenceToCall(evidence)
      if (await this.#sender.wouldSucceed(data))
        return { what: `validator ${accused.validator} is accused of ${evidence.kind}`, data }
      this.#refused.set(evidence, height + retryBlocks)
    }
    return null
  }

  /** The header that names the absent is proven by the execution block after it. */
  async #reportAbsence(height: number): Promise<Duty | null> {
    const { settings, blocks, client } = this.#options
    const { epochBlocks, policy } = settings
    if (policy === 'authority') return null
    const lastEnd = height - 1 - ((height - 1) % epochBlocks)
    for (let epoch = 0; epoch < reportedEpochs; epoch++) {
      const end = lastEnd - epoch * epochBlocks
      const decided = end > Math.max(0, height - maxLookBack) && (await blocks.byHeight(end))
      if (!decided || !(await this.#isUnheard(decided.block.header))) continue
      const executionHeader = await client.request<{ Parameters: [Hex]; ReturnType: Hex }>({
        method: 'debug_getRawHeader' as never,
        params: [`0x${(end + 1).toString(16)}`],
      })
      const consensusHeader = bytesToHex(encodeHeaderPreimage(decided.block.header))
      const data = encodeFunctionData({
        abi: staking.abi,
        functionName: 'reportAbsence',
        args: [executionHeader, consensusHeader],
      })
      if (await this.#sender.wouldSucceed(data))
        return { what: `absence in the epoch up to block ${end} is reported`, data }
    }
    return null
  }

  /** Whether somebody who was absent goes free. */
  async #isUnheard(header: { height: number; absent: readonly Hex[] }): Promise<boolean> {
    for (const address of header.absent) {
      const { place, jailedUntil, absentHeight } = await this.#validator(address)
      if (place !== 0 && jailedUntil === 0 && absentHeight < header.height) return true
    }
    return false
  }

  async #unjail(height: number): Promise<Duty | null> {
    const { isUnjailing, client, blocks } = this.#options
    if (!isUnjailing) return null
    const { operator, jailedUntil, isTombstoned } = await this.#validator(this.#self)
    if (jailedUntil === 0 || isTombstoned || lowerCase(operator) !== this.#self) return null
    const head = await blocks.byHeight(height)
    if (Number(head?.block.payload.timestamp ?? 0) < jailedUntil) return null
    const args = [client.account.address] as const
    const data = encodeFunctionData({ abi: staking.abi, functionName: 'unjail', args })
    return { what: 'this validator comes back from jail', data }
  }

  #validator(address: Hex) {
    const args = [address] as const
    return this.#options.client.readContract({ ...staking, functionName: 'validatorOf', args })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]()
    await this.#running
  }
}

function lowerCase(value: Hex): Hex {
  return `0x${value.slice(2).toLowerCase()}`
}
