import type { Hex } from '@quoin/kernel'

/**
 * The seam between consensus and execution, with the semantics of Ethereum's Engine API (Prague:
 * forkchoiceUpdatedV3, getPayloadV4, newPayloadV4). Shapes are the specification's JSON objects,
 * so the embedded execution layer and an external client over HTTP are interchangeable.
 * Source: ethereum/execution-apis, src/engine/{paris,shanghai,cancun,prague}.md.
 */
export interface EngineApi {
  /**
   * Makes `headBlockHash` the head, durably, and moves `safe` and `finalized`. With `attributes` it also
   * starts building a payload on that head. A head that is already canonical is no error.
   */
  forkchoiceUpdated(
    state: ForkchoiceState,
    attributes?: PayloadAttributes,
  ): Promise<ForkchoiceUpdated>
  /** The best payload so far for `payloadId`; building it stops. */
  getPayload(payloadId: Hex): Promise<PayloadEnvelope>
  /** Executes and checks a payload; it is kept as a candidate until a fork choice takes it. */
  newPayload(
    payload: ExecutionPayload,
    blobVersionedHashes: Hex[],
    parentBeaconBlockRoot: Hex,
    executionRequests: Hex[],
  ): Promise<PayloadStatus>
}

/** An execution layer as consensus sees it: the Engine API and the head that it last made durable. */
export interface ExecutionLayer extends EngineApi, AsyncDisposable {
  head(): Promise<ExecutionHead>
  /** Resolves when the pool holds at least one transaction that could go into the next block. */
  pendingTransactions(options: { signal: AbortSignal }): Promise<void>
  /**
   * A read-only call from the zero address on the state after a block, the same on every node.
   * Rejects when that state is not there, or when execution cannot answer.
   */
  call(request: ReadCall): Promise<ReadOutcome>
}

export interface ReadCall {
  to: Hex
  data: Hex
  blockHash: Hex
}

/** What a contract answered; with `isSuccess` false, the data it reverted with. */
export interface ReadOutcome {
  isSuccess: boolean
  data: Hex
}

export interface ExecutionHead {
  hash: Hex
  /** QUANTITY */
  number: Hex
  /** QUANTITY, seconds since 1970 */
  timestamp: Hex
  genesisHash: Hex
}

export interface ForkchoiceState {
  headBlockHash: Hex
  safeBlockHash: Hex
  finalizedBlockHash: Hex
}

export interface PayloadAttributes {
  /** QUANTITY, seconds */
  timestamp: Hex
  prevRandao: Hex
  suggestedFeeRecipient: Hex
  withdrawals: Withdrawal[]
  parentBeaconBlockRoot: Hex
}

export interface Withdrawal {
  index: Hex
  validatorIndex: Hex
  address: Hex
  amount: Hex
}

export type PayloadStatus =
  | { status: 'VALID'; latestValidHash: Hex; validationError: null }
  | { status: 'INVALID'; latestValidHash: Hex | null; validationError: string }
  | { status: 'SYNCING' | 'ACCEPTED'; latestValidHash: null; validationError: null }

export interface ForkchoiceUpdated {
  payloadStatus: PayloadStatus
  payloadId: Hex | null
}

/** ExecutionPayloadV3 of the specification: every number is a QUANTITY. */
export interface ExecutionPayload {
  parentHash: Hex
  feeRecipient: Hex
  stateRoot: Hex
  receiptsRoot: Hex
  logsBloom: Hex
  prevRandao: Hex
  blockNumber: Hex
  gasLimit: Hex
  gasUsed: Hex
  timestamp: Hex
  extraData: Hex
  baseFeePerGas: Hex
  blockHash: Hex
  /** Raw transactions (EIP-2718). */
  transactions: Hex[]
  withdrawals: Withdrawal[]
  blobGasUsed: Hex
  excessBlobGas: Hex
}

export interface PayloadEnvelope {
  executionPayload: ExecutionPayload
  /** Fees that go to the fee recipient, in wei, QUANTITY */
  blockValue: Hex
  executionRequests: Hex[]
}
