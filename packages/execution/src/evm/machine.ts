import type { Common } from '@ethereumjs/common'
import { createEVM, type EVM, type EVMRunCallOpts } from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import type { Hex } from '@quoin/kernel'
import { fromHex } from '../codec/bytes.ts'
import type { WorldState } from '../state/world-state.ts'
import { EvmState } from './evm-state.ts'
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
  readonly #state: EvmState
  #environment: Environment | null = null
  #block: NonNullable<EVMRunCallOpts['block']> | null = null

  private constructor(common: Common, evm: EVM, state: EvmState, chain: { machine?: Machine }) {
    this.common = common
    this.rules = rulesOf(common)
    this.evm = evm
    this.#state = state
    chain.machine = this
  }

  /** `common` is set to the hard fork, and belongs to this machine. */
  static async create(common: Common, world: WorldState): Promise<Machine> {
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
    const evm = await createEVM({ common, stateManager: state, blockchain })
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

  set(world: WorldState, environment: Environment): void {
    this.#state.world = world
    this.#environment = environment
    this.#block = { header: evmHeader(environment) }
    this.evm.journal.cleanJournal()
    this.evm.transientStorage.clear()
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
