import { CodedError, type Hex } from '@quoin/kernel'
import { toHex, zeroAddress } from '../codec/bytes.ts'
import type { Environment, Machine } from '../evm/machine.ts'
import { type Message, transactionMessage } from '../evm/message.ts'
import type { Outcome } from '../evm/outcome.ts'
import { attachTracer } from '../evm/tracing.ts'
import { applyMessage } from '../evm/transition.ts'
import type {
  CallOptions,
  CallRequest,
  CallResult,
  ReplayBlockOptions,
  Tracer,
} from '../interface.ts'
import { BlockExecutor } from './block-executor.ts'
import type { Chain } from './chain.ts'
import type { Machines } from './machines.ts'
import { overrideState } from './overrides.ts'

export interface CallerOptions {
  chain: Chain
  machines: Machines
  depositContract: Hex
  /** The most gas that a call may use. */
  gasCap: bigint
}

/** Runs messages whose effects are thrown away. */
export class Caller {
  readonly #options: CallerOptions

  constructor(options: CallerOptions) {
    this.#options = options
  }

  /** @throws CodedError UNKNOWN_BLOCK, INVALID_TRANSACTION (in geth's words), INVALID_OVERRIDE */
  async call(request: CallRequest, options: CallOptions): Promise<CallResult> {
    const { chain, machines } = this.#options
    const header = chain.headerOf(options.blockHash)
    if (header === null || !chain.hasState(header))
      throw new CodedError(
        'UNKNOWN_BLOCK',
        `The state after block ${options.blockHash} is not known`,
      )
    options.signal?.throwIfAborted()
    const environment = { ...chain.environment({ ...header, ...options.blockOverrides }) }
    const message = this.#message(request, environment)
    if (message.feeCap === 0n && message.tip === 0n) {
      if (environment.baseFeePerGas !== undefined) environment.baseFeePerGas = 0n
      environment.blobBaseFee = 0n
    }
    const world = chain.world(header)
    return machines.use(header, world, async (machine) => {
      machine.set(world, environment, options.signal)
      if (options.stateOverrides !== undefined) overrideState(world, options.stateOverrides)
      const nonce = world.account(message.from)?.nonce ?? 0n
      return runTraced(
        machine,
        { ...message, nonce: request.nonce ?? nonce },
        {
          isCall: true,
          ...(options.tracer === undefined ? {} : { tracer: options.tracer }),
        },
      )
    })
  }

  async replay(transactionHash: Hex, tracer?: Tracer): Promise<CallResult | null> {
    const { chain, machines, depositContract } = this.#options
    const place = await chain.locate(transactionHash)
    const parent = place && chain.headerOf(place.block.header.parentHash)
    if (place === null || parent === null || !chain.hasState(parent)) return null
    const { header, transactions } = place.block
    const world = chain.world(parent)
    return machines.use(header, world, async (machine) => {
      const executor = new BlockExecutor(machine, { ...header, uncles: [] }, { depositContract })
      await executor.open(world, chain.environment(header))
      for (const transaction of transactions.slice(0, place.index)) await executor.add(transaction)
      const transaction = transactions[place.index]
      if (transaction === undefined) throw new Error('The index points to a transaction')
      const message = transactionMessage(transaction, header.baseFeePerGas)
      return runTraced(machine, message, tracer === undefined ? {} : { tracer })
    })
  }

  async replayBlock(
    blockHash: Hex,
    { tracerFor, signal }: ReplayBlockOptions,
  ): Promise<CallResult[] | null> {
    const { chain, machines, depositContract } = this.#options
    const block = await chain.byHash(blockHash)
    const parent = block && chain.headerOf(block.header.parentHash)
    if (block === null || parent === null || !chain.hasState(parent)) return null
    const { header, transactions } = block
    const world = chain.world(parent)
    return machines.use(header, world, async (machine) => {
      const opening = { ...header, uncles: [] }
      const executor = new BlockExecutor(machine, opening, { depositContract, alwaysEvm: true })
      await executor.open(world, chain.environment(header))
      const results: CallResult[] = []
      for (const [index, transaction] of transactions.entries()) {
        signal?.throwIfAborted()
        const message = transactionMessage(transaction, header.baseFeePerGas)
        const trace = attachTracer(machine, tracerFor(index), message)
        const outcome = await executor.add(transaction)
        trace.end(outcome)
        machine.evm.events.removeAllListeners()
        results.push(resultOf(machine, message, outcome, new Map()))
      }
      return results
    })
  }

  #message(request: CallRequest, environment: Environment): Message {
    const { gasCap } = this.#options
    const gas = request.gas ?? gasCap
    const baseFee = environment.baseFeePerGas ?? 0n
    const feeCap = request.gasPrice ?? request.maxFeePerGas ?? 0n
    const tip = request.gasPrice ?? request.maxPriorityFeePerGas ?? 0n
    const wanted = baseFee + tip
    return {
      from: request.from ?? zeroAddress,
      to: request.to ?? null,
      nonce: 0n,
      gas: gas < gasCap ? gas : gasCap,
      value: request.value ?? 0n,
      input: request.input ?? '0x',
      feeCap,
      tip,
      gasPrice: request.gasPrice ?? (wanted < feeCap ? wanted : feeCap),
      accessList: request.accessList ?? [],
      authorizationList: request.authorizationList ?? null,
      blobHashes: null,
      maxFeePerBlobGas: 0n,
    }
  }
}

async function runTraced(
  machine: Machine,
  message: Message,
  { tracer, isCall = false }: { tracer?: Tracer; isCall?: boolean },
): Promise<CallResult> {
  const accessed = new Map<Hex, Set<Hex>>()
  const trace = tracer === undefined ? null : attachTracer(machine, tracer, message)
  const outcome = await applyMessage(machine, message, { isCall, alwaysEvm: true, accessed })
  trace?.end(outcome)
  return resultOf(machine, message, outcome, accessed)
}

function resultOf(
  machine: Machine,
  message: Message,
  outcome: Outcome,
  accessed: Map<Hex, Set<Hex>>,
): CallResult {
  const { returnData, gasUsed, failure, logs, createdAddress } = outcome
  const given = new Set<Hex>([message.from, ...(message.to ? [message.to] : [])])
  const isListed = (address: Hex, slots: Set<Hex>) =>
    slots.size > 0 || !(given.has(address) || machine.evm.getPrecompile(address))
  return {
    returnData: toHex(returnData),
    gasUsed,
    failure,
    logs: logs.map((log, logIndex) => ({ ...log, logIndex })),
    createdAddress,
    accessed: [...accessed]
      .filter(([address, slots]) => isListed(address, slots))
      .map(([address, slots]) => ({ address, storageKeys: [...slots] })),
  }
}
