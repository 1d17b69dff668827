import type { Hex } from '@quoin/kernel'
import type { Withdrawals } from '../codec/block.ts'
import type { Block, CallOptions, CallRequest, CallResult, StateOverride } from '../interface.ts'

/** Blocks of messages that run one after the other over one changing state, and leave no trace. */
export interface Simulation {
  blocks: SimulatedBlockRequest[]
  /** Nonces and fees are checked as for real transactions. */
  validation: boolean
  /** Moves of the native coin appear as logs like those of an ERC-20 token. */
  traceTransfers: boolean
  /** Gas of all messages together. */
  gasCap: bigint
}

export interface SimulatedBlockRequest {
  overrides: SimulatedBlockOverrides
  stateOverrides: Record<Hex, SimulatedStateOverride>
  calls: SimulatedCallRequest[]
}

export type SimulatedBlockOverrides = NonNullable<CallOptions['blockOverrides']> & {
  withdrawals?: Withdrawals
  parentBeaconBlockRoot?: Hex
  blobBaseFee?: bigint
}

export type SimulatedStateOverride = StateOverride & {
  /** The precompile at this address works at that address instead. */
  movePrecompileTo?: Hex
}

export type SimulatedCallRequest = CallRequest & {
  maxFeePerBlobGas?: bigint
  blobVersionedHashes?: Hex[]
}

export interface SimulatedBlock {
  block: Block
  /** In the order of the block's transactions, which are unsigned. */
  calls: SimulatedCall[]
}

/** `logs` have the index in the block; those of coin moves among them. */
export interface SimulatedCall
  extends Pick<CallResult, 'returnData' | 'gasUsed' | 'failure' | 'logs'> {
  /** Before refunds. */
  maxUsedGas: bigint
}

export type SimulationErrorCode =
  | 'BLOCK_NUMBER_ORDER'
  | 'BLOCK_TIME_ORDER'
  | 'TOO_MANY_BLOCKS'
  | 'BLOCK_GAS_LIMIT'
  | 'PRECOMPILE_TO_ITSELF'
  | 'PRECOMPILE_TARGET_OVERRIDDEN'
  | 'NOT_A_PRECOMPILE'
  | 'UNKNOWN_BLOCK'
