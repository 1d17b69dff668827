import type { Hex, Logger } from '@quoin/kernel'
import { stakingAddress } from '../../check-genesis.ts'
import type { LocalClient } from './local-client.ts'

const tip = 1_000_000_000n
/** A transaction that no block takes for so long is told of. */
const patienceBlocks = 50

/** Sends one transaction at a time from the validator's account. */
export class Sender {
  readonly #client: LocalClient
  readonly #logger: Logger
  #waitingSince: number | null = null

  constructor(client: LocalClient, logger: Logger) {
    this.#client = client
    this.#logger = logger
  }

  /** Whether a transaction of the account waits in the pool: ours from before, perhaps before a restart. */
  async isWaiting(height: number): Promise<boolean> {
    const { address } = this.#client.account
    const [next, mined] = await Promise.all([
      this.#client.getTransactionCount({ address, blockTag: 'pending' }),
      this.#client.getTransactionCount({ address, blockTag: 'latest' }),
    ])
    if (next === mined) {
      this.#waitingSince = null
      return false
    }
    this.#waitingSince ??= height
    if (height - this.#waitingSince === patienceBlocks)
      this.#logger.warn(
        { address, nonce: mined },
        'no block takes a transaction of the validator’s account: duties wait for it',
      )
    return true
  }

  async wouldSucceed(data: Hex): Promise<boolean> {
    const { account } = this.#client
    return this.#client.call({ account, to: stakingAddress, data }).then(
      () => true,
      () => false,
    )
  }

  async send({ what, data }: { what: string; data: Hex }, height: number): Promise<void> {
    const { account } = this.#client
    const gas = await this.#client.estimateGas({ account, to: stakingAddress, data })
    const { baseFeePerGas } = await this.#client.getBlock()
    const hash = await this.#client.sendTransaction({
      to: stakingAddress,
      data,
      gas: (gas * 3n) / 2n,
      maxPriorityFeePerGas: tip,
      maxFeePerGas: (baseFeePerGas ?? 0n) * 4n + tip,
    })
    this.#logger.info({ hash, height }, what)
  }
}
