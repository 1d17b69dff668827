import { CodedError, type Hex } from '@quoin/kernel'
import type { Withdrawals } from '../codec/block.ts'
import { toHex } from '../codec/bytes.ts'
import { bloomOf, mergeBloom, type ReceiptCore, zeroBloom } from '../codec/receipt.ts'
import type { Environment, Machine } from '../evm/machine.ts'
import { type TransitionOptions, transactionMessage } from '../evm/message.ts'
import type { Outcome } from '../evm/outcome.ts'
import { collectRequests, depositsOf, openBlock } from '../evm/system-calls.ts'
import { applyMessage } from '../evm/transition.ts'
import type { Header, Transaction } from '../interface.ts'
import { blankAccount, isEmptyAccount } from '../state/account.ts'
import type { StateWrites } from '../state/node-store.ts'
import type { WorldState } from '../state/world-state.ts'

/** What is fixed about a block before its transactions run. */
export type BlockOpening = Pick<
  Header,
  'number' | 'timestamp' | 'parentHash' | 'gasLimit' | 'miner'
> & {
  parentBeaconBlockRoot?: Hex
  withdrawals?: Withdrawals
  uncles: readonly Header[]
}

/** What executing a block gave. */
export interface Executed {
  stateRoot: Hex
  writes: StateWrites
  transactions: Transaction[]
  receipts: ReceiptCore[]
  gasUsed: bigint
  blobGasUsed: bigint
  logsBloom: Uint8Array
  requests: Hex[]
  /** Tips, in wei. */
  fees: bigint
}

/** A block in the making: open, transactions one by one, close. */
export class BlockExecutor {
  readonly #machine: Machine
  readonly #opening: BlockOpening
  readonly #options: TransitionOptions
  readonly #depositContract: Hex
  readonly #receipts: ReceiptCore[] = []
  readonly #transactions: Transaction[] = []
  readonly #bloom = new Uint8Array(256)
  gasUsed = 0n
  #blobGasUsed = 0n
  #fees = 0n

  constructor(
    machine: Machine,
    opening: BlockOpening,
    options: TransitionOptions & { depositContract: Hex },
  ) {
    this.#machine = machine
    this.#opening = opening
    this.#options = options
    this.#depositContract = options.depositContract
  }

  async open(world: WorldState, environment: Environment): Promise<void> {
    this.#machine.set(world, environment)
    await openBlock(this.#machine, this.#opening)
  }

  get gasLeft(): bigint {
    return this.#opening.gasLimit - this.gasUsed
  }

  /** @throws CodedError INVALID_TRANSACTION and changes nothing */
  async add(transaction: Transaction): Promise<Outcome> {
    const { rules, world, environment } = this.#machine
    if (transaction.gas > this.gasLeft)
      throw new CodedError('INVALID_TRANSACTION', 'gas limit reached')
    const blobGas = BigInt(transaction.blobVersionedHashes?.length ?? 0) * 131072n
    if (this.#blobGasUsed + blobGas > (rules.blob?.max ?? 0n))
      throw new CodedError('INVALID_TRANSACTION', 'blob gas limit reached')
    const message = transactionMessage(transaction, environment.baseFeePerGas)
    const outcome = await applyMessage(this.#machine, message, this.#options)
    this.gasUsed += outcome.gasUsed
    this.#blobGasUsed += blobGas
    this.#fees += outcome.gasUsed * (message.gasPrice - (environment.baseFeePerGas ?? 0n))
    const bloom = bloomOf(outcome.logs)
    if (outcome.logs.length > 0) mergeBloom(this.#bloom, bloom)
    this.#transactions.push(transaction)
    this.#receipts.push({
      ...(rules.byzantium
        ? { status: outcome.failure === null ? 1 : 0 }
        : { root: toHex(world.seal().stateRoot) }),
      cumulativeGasUsed: this.gasUsed,
      logsBloom: outcome.logs.length === 0 ? zeroBloom : toHex(bloom),
      logs: outcome.logs,
    })
    return outcome
  }

  /** Withdrawals, rewards, requests, and the state's root. */
  async close(): Promise<Executed> {
    const { rules, world } = this.#machine
    for (const { address, amount } of this.#opening.withdrawals ?? [])
      this.#credit(address, amount * 1_000_000_000n)
    if (!rules.merge) this.#reward()
    const logs = this.#receipts.flatMap((receipt) => receipt.logs)
    const deposits = rules.prague ? depositsOf(logs, this.#depositContract) : new Uint8Array(0)
    const requests = await collectRequests(this.#machine, deposits)
    const { stateRoot, writes } = world.seal()
    return {
      stateRoot: toHex(stateRoot),
      writes,
      transactions: this.#transactions,
      receipts: this.#receipts,
      gasUsed: this.gasUsed,
      blobGasUsed: this.#blobGasUsed,
      logsBloom: this.#bloom,
      requests,
      fees: this.#fees,
    }
  }

  /** Yellow Paper, 11.3. */
  #reward(): void {
    const { minerReward } = this.#machine.rules
    const { uncles, number, miner } = this.#opening
    for (const uncle of uncles)
      this.#credit(uncle.miner, (minerReward * (8n + uncle.number - number)) / 8n)
    this.#credit(miner, minerReward + (minerReward / 32n) * BigInt(uncles.length))
  }

  #credit(address: Hex, amount: bigint): void {
    const { world, rules } = this.#machine
    const account = world.account(address) ?? blankAccount
    const credited = { ...account, balance: account.balance + amount }
    world.setAccount(address, rules.spuriousDragon && isEmptyAccount(credited) ? null : credited)
  }
}
