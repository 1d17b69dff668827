import { CodedError, type Hex } from '@quoin/kernel'
import type { DecodedBlock } from '../codec/block.ts'
import type { Block, Header, Transaction } from '../interface.ts'
import { BlockExecutor, type BlockOpening } from './block-executor.ts'
import { type Candidate, createCandidate, type HeaderFrame, headerOf } from './candidate.ts'
import type { Chain } from './chain.ts'
import { nextBaseFee, nextExcessBlobGas } from './fees.ts'
import { checkHeader } from './header-rules.ts'
import type { Machines } from './machines.ts'

/** Where a block under construction takes its transactions from, best first. */
export interface TransactionSource {
  next(): Transaction | null
  /** The last one does not fit into this block, so neither do later ones of its sender. */
  drop(): void
  /** The last one is of no use on this state. */
  reject(): void
}

export interface BuildAttributes {
  timestamp: bigint
  miner: Hex
  mixHash: Hex
  gasLimit: bigint
  extraData: Hex
  parentBeaconBlockRoot?: Hex
  withdrawals: NonNullable<Block['withdrawals']>
}

/** Executes blocks on their parents' states: those of others to check them, and new ones. */
export class BlockProcessor {
  readonly #chain: Chain
  readonly #machines: Machines
  readonly #depositContract: Hex

  constructor(chain: Chain, machines: Machines, depositContract: Hex) {
    this.#chain = chain
    this.#machines = machines
    this.#depositContract = depositContract
  }

  /** @throws CodedError INVALID_BLOCK saying what differs */
  async check({ block, uncleHeaders }: DecodedBlock, parent: Header): Promise<Candidate> {
    const { header } = block
    const rules = this.#chain.forks.rulesAt(header.number, header.timestamp)
    checkHeader(header, parent, rules)
    if ((block.withdrawals !== undefined) !== rules.shanghai)
      throw new CodedError(
        'INVALID_BLOCK',
        'withdrawals do not belong to this fork, or are missing',
      )
    const opening: BlockOpening = {
      ...header,
      uncles: uncleHeaders,
      ...(block.withdrawals === undefined ? {} : { withdrawals: block.withdrawals }),
    }
    const executed = await this.#machines.use(
      header,
      this.#chain.world(parent),
      async (machine) => {
        const options = { depositContract: this.#depositContract }
        const executor = new BlockExecutor(machine, opening, options)
        await executor.open(this.#chain.world(parent), this.#chain.environment(header))
        for (const [index, transaction] of block.transactions.entries())
          await executor.add(transaction).catch((cause) => {
            throw invalid(
              `could not apply tx ${index} [${transaction.hash}]: ${reasonOf(cause)}`,
              cause,
            )
          })
        return executor.close()
      },
    )
    const found = headerOf(header, opening, executed, rules)
    if (found.hash !== header.hash) throw invalid(difference(found, header))
    return createCandidate(header, opening, executed, rules)
  }

  /** Builds on `parent` with as many transactions as fit. */
  async build(
    parent: Header,
    attributes: BuildAttributes,
    sourceFor: (baseFee: bigint) => TransactionSource,
  ): Promise<Candidate> {
    const number = parent.number + 1n
    const { timestamp, withdrawals } = attributes
    const rules = this.#chain.forks.rulesAt(number, timestamp)
    const frame: HeaderFrame = {
      parentHash: parent.hash,
      number,
      timestamp,
      miner: attributes.miner,
      mixHash: attributes.mixHash,
      gasLimit: attributes.gasLimit,
      extraData: attributes.extraData,
      nonce: '0x0000000000000000',
      difficulty: 0n,
      ...(rules.london ? { baseFeePerGas: nextBaseFee(parent) } : {}),
      ...(rules.cancun ? { excessBlobGas: nextExcessBlobGas(parent, rules) } : {}),
      ...(attributes.parentBeaconBlockRoot === undefined
        ? {}
        : { parentBeaconBlockRoot: attributes.parentBeaconBlockRoot }),
    }
    const opening: BlockOpening = {
      ...frame,
      uncles: [],
      ...(rules.shanghai ? { withdrawals } : {}),
    }
    const executed = await this.#machines.use(frame, this.#chain.world(parent), async (machine) => {
      const options = { depositContract: this.#depositContract }
      const executor = new BlockExecutor(machine, opening, options)
      await executor.open(this.#chain.world(parent), this.#chain.environment(frame))
      await fillBlock(executor, sourceFor(frame.baseFeePerGas ?? 0n))
      return executor.close()
    })
    const header = headerOf(frame, opening, executed, rules)
    return createCandidate(header, opening, executed, rules)
  }
}

async function fillBlock(executor: BlockExecutor, source: TransactionSource): Promise<void> {
  while (executor.gasLeft >= 21000n) {
    const transaction = source.next()
    if (transaction === null) return
    if (transaction.gas > executor.gasLeft) {
      source.drop()
      continue
    }
    try {
      await executor.add(transaction)
    } catch (cause) {
      if (!(cause instanceof CodedError) || cause.code !== 'INVALID_TRANSACTION') throw cause
      source.reject()
    }
  }
}

const compared = [
  ['gasUsed', 'gas used'],
  ['stateRoot', 'state root'],
  ['receiptsRoot', 'receipts root'],
  ['transactionsRoot', 'transactions root'],
  ['withdrawalsRoot', 'withdrawals root'],
  ['requestsHash', 'requests hash'],
  ['logsBloom', 'logs bloom'],
  ['blobGasUsed', 'blob gas used'],
  ['sha3Uncles', 'uncles hash'],
] as const

function difference(found: Header, header: Header): string {
  for (const [field, name] of compared)
    if (found[field] !== header[field])
      return `invalid ${name}: the header has ${header[field]}, execution gives ${found[field]}`
  return `invalid block hash: the header has ${header.hash}, its fields give ${found.hash}`
}

function invalid(reason: string, cause?: unknown): CodedError<'INVALID_BLOCK'> {
  return new CodedError('INVALID_BLOCK', reason, { cause })
}

function reasonOf(cause: unknown): string {
  if (cause instanceof CodedError) return cause.message
  throw cause
}
