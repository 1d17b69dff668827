import type { Hex, Logger } from '@quoin/kernel'
import { stakingAddress } from '../../check-genesis.ts'
import type { LocalClient } from './local-client.ts'

/** What a sender asks of its node. */
export type SenderClient = Pick<
  LocalClient,
  | 'account'
  | 'call'
  | 'estimateGas'
  | 'estimateMaxPriorityFeePerGas'
  | 'getBalance'
  | 'getBlock'
  | 'getTransactionCount'
  | 'sendTransaction'
>

/** A call to the Staking contract that somebody has to make, and in words why. */
export interface Duty {
  what: string
  data: Hex
}

/** The last transaction that this sender made. */
interface Sent {
  duty: Duty
  nonce: number
  height: number
  gas: bigint
  maxFeePerGas: bigint
  tip: bigint
}

/** The next transaction of the account that a block would take. */
interface Stuck {
  nonce: number
  since: number
  isTold: boolean
}

/** More than any duty takes. */
const plentyOfGas = 20_000_000n
const leastTip = 1_000_000_000n
const highestTip = 1_000n * leastTip
/** Our own transaction that no block takes for so long is sent again for more. */
const raiseAfterBlocks = 10
/** An owner's transactions are given way to for so long. */
const yieldBlocks = 10
/** A transaction that no block takes for so long is told of. */
const patienceBlocks = 50
/** An account without coins is told of this seldom. */
const remindAfterBlocks = 1000

/** Sends one transaction at a time from the validator's account. */
export class Sender {
  readonly #client: SenderClient
  readonly #logger: Logger
  #sent: Sent | null = null
  /** Since when the pool has held transactions of the account without a break. */
  #busySince: number | null = null
  #stuck: Stuck | null = null
  #poorToldAt = Number.NEGATIVE_INFINITY

  constructor(client: SenderClient, logger: Logger) {
    this.#client = client
    this.#logger = logger
  }

  /**
   * Whether to wait for a transaction of the account that is in the pool: ours, or one that its owner sent,
   * or ours from before a restart. Ours is sent again for more when the price of gas has left it behind. An
   * owner who goes on paying is not waited for: what we send comes after.
   */
  async isWaiting(height: number): Promise<boolean> {
    const { address } = this.#client.account
    const [next, mined] = await Promise.all([
      this.#client.getTransactionCount({ address, blockTag: 'pending' }),
      this.#client.getTransactionCount({ address, blockTag: 'latest' }),
    ])
    if (next === mined) {
      this.#busySince = null
      this.#stuck = null
      return false
    }
    this.#busySince ??= height
    if (this.#stuck?.nonce !== mined) this.#stuck = { nonce: mined, since: height, isTold: false }
    this.#tellStuck(this.#stuck, height)
    const sent = this.#sent
    if (sent && sent.nonce >= mined) {
      if (sent.nonce === mined && height - sent.height >= raiseAfterBlocks)
        await this.#raise(sent, height)
      return true
    }
    const isFlowing = height - this.#stuck.since < yieldBlocks
    return !isFlowing || height - this.#busySince < yieldBlocks
  }

  #tellStuck(stuck: Stuck, height: number): void {
    if (stuck.isTold || height - stuck.since < patienceBlocks) return
    stuck.isTold = true
    const { address } = this.#client.account
    this.#logger.warn(
      { address, nonce: stuck.nonce },
      'no block takes a transaction of the validator’s account: duties wait for it',
    )
  }

  async wouldSucceed(data: Hex): Promise<boolean> {
    const { account } = this.#client
    return this.#client.call({ account, to: stakingAddress, data }).then(
      () => true,
      () => false,
    )
  }

  /** Sends it, or says now and then that the account cannot pay: then whose turn is next does it. */
  async send(duty: Duty, height: number): Promise<void> {
    const { account } = this.#client
    const { address } = account
    const { data } = duty
    const { baseFeePerGas } = await this.#client.getBlock()
    // What wallets offer too: so a payment that takes the same nonce meanwhile is not pushed out.
    const tip = await this.#client.estimateMaxPriorityFeePerGas()
    const maxFeePerGas = (baseFeePerGas ?? 0n) * 4n + tip
    const balance = await this.#client.getBalance({ address })
    const estimate = await this.#client
      .estimateGas({ account, to: stakingAddress, data })
      .catch((error: unknown) => {
        // A node estimates within what the account can pay for.
        if (balance < plentyOfGas * maxFeePerGas) return null
        throw error
      })
    const gas = estimate === null ? plentyOfGas : (estimate * 3n) / 2n
    if (balance < gas * maxFeePerGas) return this.#tellPoor({ duty, height, balance })
    const nonce = await this.#client.getTransactionCount({ address, blockTag: 'pending' })
    await this.#submit({ duty, nonce, height, gas, maxFeePerGas, tip })
  }

  async #submit(sent: Sent): Promise<void> {
    const { duty, nonce, height, gas, maxFeePerGas, tip } = sent
    const hash = await this.#client.sendTransaction({
      to: stakingAddress,
      data: duty.data,
      nonce,
      gas,
      maxPriorityFeePerGas: tip,
      maxFeePerGas,
    })
    this.#sent = sent
    this.#logger.info({ hash, height }, duty.what)
  }

  /** Not once somebody else has done it: then it would only cost more. */
  async #raise(sent: Sent, height: number): Promise<void> {
    const tip = sent.tip < leastTip ? leastTip : sent.tip * 2n
    if (tip > highestTip || !(await this.wouldSucceed(sent.duty.data))) return
    const { baseFeePerGas } = await this.#client.getBlock()
    const now = (baseFeePerGas ?? 0n) * 4n + tip
    const least = (sent.maxFeePerGas * 9n) / 8n + tip
    const maxFeePerGas = now > least ? now : least
    const balance = await this.#client.getBalance({ address: this.#client.account.address })
    if (balance < sent.gas * maxFeePerGas)
      return this.#tellPoor({ duty: sent.duty, height, balance })
    await this.#submit({ ...sent, height, tip, maxFeePerGas })
  }

  #tellPoor({ duty, height, balance }: { duty: Duty; height: number; balance: bigint }): void {
    if (height - this.#poorToldAt < remindAfterBlocks) return
    this.#poorToldAt = height
    const { address } = this.#client.account
    this.#logger.warn(
      { address, balance, duty: duty.what },
      'the validator’s account has too few coins for its duties: send it some, until then others do them',
    )
  }
}
