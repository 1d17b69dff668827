import { setImmediate } from 'node:timers/promises'
import type { Common } from '@ethereumjs/common'
import { createEVM, type EVM, type EVMOpts, type EVMRunCallOpts } from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import type { Hex } from '@quoin/kernel'
import { fromHex } from '../codec/bytes.ts'
import type { WorldState } from '../state/world-state.ts'
import { curves } from './curves.ts'
import { EvmState } from './evm-state.ts'
import { installFasterInterpreter } from './faster-interpreter.ts'
import { type Rules, rulesOf } from './rules.ts'

/** The surroundings of a message: one block's fields as contracts see them. */
export interface Environment {
  number: bigint
  timestamp: bigint
  gasLimit: bigint
  miner: Hex
  difficulty: bigint
  mixHash: Hex
  baseFeePerGas: bigint | undefined
  blobBaseFee: bigint
  /** Of an ancestor of this block, at most 256 back (BLOCKHASH). */
  blockHash(number: bigint): Hex | null
}

/** An EVM for one hard fork. It runs one message at a time on the world that it is given. */
export class Machine {
  readonly common: Common
  readonly rules: Rules
  readonly evm: EVM
  /** Without 0x: always warm (EIP-2929), whatever a simulation does to them. */
  readonly precompileAddresses: readonly string[]
  readonly #state: EvmState
  #environment: Environment | null = null
  #signal: AbortSignal | null = null
  #block: NonNullable<EVMRunCallOpts['block']> | null = null

  private constructor(common: Common, evm: EVM, state: EvmState, chain: { machine?: Machine }) {
    this.common = common
    this.rules = rulesOf(common)
    this.evm = evm
    this.precompileAddresses = [...evm.precompiles.keys()]
    this.#state = state
    chain.machine = this
  }

  /**
   * `common` is set to the hard fork, and belongs to this machine. A patient machine lets other
   * work of the process through while it runs.
   */
  static async create(
    common: Common,
    world: WorldState,
    { isPatient }: { isPatient: boolean },
  ): Promise<Machine> {
    await installFasterInterpreter(common)
    const state = new EvmState(world)
    const chain: { machine?: Machine } = {}
    const blockchain = {
      getBlock: async (number: number) => {
        const hash = chain.machine?.environment.blockHash(BigInt(number)) ?? null
        return { hash: () => (hash === null ? new Uint8Array(32) : fromHex(hash)) }
      },
      putBlock: async () => {},
      shallowCopy() {
        return this
      },
    }
    const pause = createPause(() => chain.machine?.checkAborted())
    const evm = await createEVM({
      common,
      stateManager: state,
      blockchain,
      ...(await curves),
      ...(isPatient ? { customOpcodes: [pause] } : {}),
    })
    return new Machine(common, evm, state, chain)
  }

  get world(): WorldState {
    return this.#state.world
  }

  get environment(): Environment {
    if (this.#environment === null) throw new Error('The machine was not set to a block')
    return this.#environment
  }

  get block(): NonNullable<EVMRunCallOpts['block']> {
    if (this.#block === null) throw new Error('The machine was not set to a block')
    return this.#block
  }

  checkAborted(): void {
    this.#signal?.throwIfAborted()
  }

  set(world: WorldState, environment: Environment, signal: AbortSignal | null = null): void {
    this.#signal = signal
    this.#state.world = world
    this.#environment = environment
    this.#block = { header: evmHeader(environment) }
    this.evm.journal.cleanJournal()
    this.evm.transientStorage.clear()
  }
}

/** How long a patient machine runs without letting others through. */
const sliceMs = 8
const jumpsBetweenLooks = 512

/** A JUMPDEST that now and then waits for the event loop: no loop gets around it. */
function createPause(checkAborted: () => void): NonNullable<EVMOpts['customOpcodes']>[number] {
  let jumps = 0
  let sinceMs = performance.now()
  return {
    opcode: 0x5b,
    opcodeName: 'JUMPDEST',
    baseFee: 1,
    async logicFunction() {
      if (++jumps % jumpsBetweenLooks !== 0 || performance.now() - sinceMs < sliceMs) return
      await setImmediate()
      sinceMs = performance.now()
      checkAborted()
    },
  }
}

type EvmHeader = NonNullable<EVMRunCallOpts['block']>['header']

function evmHeader(environment: Environment): EvmHeader {
  const { number, timestamp, gasLimit, difficulty, baseFeePerGas, blobBaseFee } = environment
  return {
    number,
    timestamp,
    gasLimit,
    difficulty,
    prevRandao: fromHex(environment.mixHash),
    coinbase: new Address(fromHex(environment.miner)),
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
    getBlobGasPrice: () => blobBaseFee,
  }
}

export function addressOf(hex: Hex): Address {
  return new Address(fromHex(hex))
}
