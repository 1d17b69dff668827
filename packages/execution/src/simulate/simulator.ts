import { CodedError, type Hex } from '@quoin/kernel'
import { BlockExecutor, type BlockOpening } from '../chain/block-executor.ts'
import { createCandidate, type HeaderFrame, headerOf } from '../chain/candidate.ts'
import type { Chain } from '../chain/chain.ts'
import { nextBaseFee, nextExcessBlobGas } from '../chain/fees.ts'
import type { Machines } from '../chain/machines.ts'
import { toHex, zeroAddress, zeroHash } from '../codec/bytes.ts'
import type { Environment, Machine } from '../evm/machine.ts'
import { transactionMessage } from '../evm/message.ts'
import type { Rules } from '../evm/rules.ts'
import { attachTracer } from '../evm/tracing.ts'
import type { Header } from '../interface.ts'
import type { WorldState } from '../state/world-state.ts'
import { LogCollector } from './log-collector.ts'
import { type PlannedBlock, planBlocks } from './plan-blocks.ts'
import { overrideSimulatedState } from './simulated-state.ts'
import type {
  SimulatedBlock,
  SimulatedCall,
  SimulatedCallRequest,
  Simulation,
  SimulationErrorCode,
} from './simulation.ts'
import { unsignedTransaction } from './unsigned-transaction.ts'

export interface SimulatorOptions {
  chain: Chain
  machines: Machines
  chainId: bigint
  depositContract: Hex
}

/** One simulation under way. */
interface Run {
  simulation: Simulation
  base: Header
  world: WorldState
  /** The newest block, simulated or real. */
  parent: Header
  hashes: Map<bigint, Hex>
  gasLeft: bigint
  signal: AbortSignal | null
}

/** Runs simulations (eth_simulateV1 of ethereum/execution-apis). */
export class Simulator {
  readonly #options: SimulatorOptions

  constructor(options: SimulatorOptions) {
    this.#options = options
  }

  /** @throws CodedError with a SimulationErrorCode, or INVALID_TRANSACTION in geth's words */
  async simulate(
    simulation: Simulation,
    { blockHash, signal = null }: { blockHash: Hex; signal?: AbortSignal | null },
  ): Promise<SimulatedBlock[]> {
    const { chain } = this.#options
    const base = chain.headerOf(blockHash)
    if (base === null || !chain.hasState(base))
      throw new CodedError<SimulationErrorCode>(
        'UNKNOWN_BLOCK',
        `The state after block ${blockHash} is not known`,
      )
    const run: Run = {
      simulation,
      base,
      world: chain.world(base),
      parent: base,
      hashes: new Map(),
      gasLeft: simulation.gasCap,
      signal,
    }
    const blocks: SimulatedBlock[] = []
    for (const planned of planBlocks(simulation.blocks, base)) {
      signal?.throwIfAborted()
      const block = await this.#runBlock(run, planned)
      run.parent = block.block.header
      run.hashes.set(run.parent.number, run.parent.hash)
      blocks.push(block)
    }
    return blocks
  }

  #runBlock(run: Run, planned: PlannedBlock): Promise<SimulatedBlock> {
    const { chain, machines, depositContract } = this.#options
    const rules = chain.forks.rulesAt(planned.number, planned.timestamp)
    const frame = frameOf(run, planned, rules)
    const opening: BlockOpening = {
      ...frame,
      uncles: [],
      ...(rules.shanghai ? { withdrawals: planned.overrides.withdrawals ?? [] } : {}),
    }
    return machines.use(frame, run.world, async (machine) => {
      machine.set(run.world, this.#environment(run, planned, frame), run.signal)
      const restore = overrideSimulatedState(machine, planned.stateOverrides)
      try {
        const executor = new BlockExecutor(machine, opening, {
          depositContract,
          isCall: true,
          isChecked: run.simulation.validation,
          alwaysEvm: true,
        })
        await executor.open(run.world, machine.environment)
        const calls = await this.#runCalls(run, { planned, machine, executor })
        const executed = await executor.close()
        const header = headerOf(frame, opening, executed, rules)
        return { block: createCandidate(header, opening, executed, rules).block, calls }
      } finally {
        restore()
      }
    })
  }

  async #runCalls(
    run: Run,
    block: { planned: PlannedBlock; machine: Machine; executor: BlockExecutor },
  ): Promise<SimulatedCall[]> {
    const { planned, machine, executor } = block
    const collector = new LogCollector(run.simulation.traceTransfers)
    const calls: SimulatedCall[] = []
    for (const request of planned.calls) {
      run.signal?.throwIfAborted()
      const transaction = this.#transaction(run, request, executor)
      const message = transactionMessage(transaction, machine.environment.baseFeePerGas)
      const trace = attachTracer(machine, collector.tracer, message)
      try {
        const outcome = await executor.add(transaction)
        trace.end(outcome)
        const { gasUsed, maxUsedGas, failure } = outcome
        const returnData = toHex(outcome.returnData)
        calls.push({ returnData, gasUsed, maxUsedGas, failure, logs: collector.take() })
        run.gasLeft -= gasUsed
      } finally {
        machine.evm.events.removeAllListeners()
      }
    }
    return calls
  }

  #transaction(run: Run, request: SimulatedCallRequest, executor: BlockExecutor) {
    const gas = request.gas ?? executor.gasLeft
    if (gas > executor.gasLeft)
      throw new CodedError<SimulationErrorCode>(
        'BLOCK_GAS_LIMIT',
        `block gas limit reached: ${executor.gasUsed + gas} >= ${executor.gasUsed + executor.gasLeft}`,
      )
    return unsignedTransaction(request, {
      chainId: this.#options.chainId,
      nonce: request.nonce ?? run.world.account(request.from ?? zeroAddress)?.nonce ?? 0n,
      gas: gas < run.gasLeft ? gas : run.gasLeft,
    })
  }

  #environment(run: Run, planned: PlannedBlock, frame: HeaderFrame): Environment {
    const real = this.#options.chain.environment({ ...frame, parentHash: run.base.hash })
    return {
      ...real,
      blobBaseFee: planned.overrides.blobBaseFee ?? real.blobBaseFee,
      blockHash: (number) => run.hashes.get(number) ?? real.blockHash(number),
    }
  }
}

/** Header fields as overridden, else as the block before has them. */
function frameOf({ parent, simulation }: Run, planned: PlannedBlock, rules: Rules): HeaderFrame {
  const { overrides, number, timestamp } = planned
  const freeOrNext = simulation.validation ? nextBaseFee(parent) : 0n
  return {
    parentHash: parent.hash,
    number,
    timestamp,
    miner: overrides.miner ?? parent.miner,
    gasLimit: overrides.gasLimit ?? parent.gasLimit,
    extraData: '0x',
    mixHash: overrides.mixHash ?? zeroHash,
    nonce: '0x0000000000000000',
    difficulty: rules.merge ? 0n : parent.difficulty,
    ...(rules.london ? { baseFeePerGas: overrides.baseFeePerGas ?? freeOrNext } : {}),
    ...(rules.cancun
      ? {
          excessBlobGas: nextExcessBlobGas(parent, rules),
          parentBeaconBlockRoot: overrides.parentBeaconBlockRoot ?? zeroHash,
        }
      : {}),
  }
}
