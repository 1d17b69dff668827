import type { EngineApi } from '@quoin/engine'
import type { Hex } from '@quoin/kernel'
import type { PruneOptions, PruneResult } from './prune/prune-chain.ts'
import type { SimulatedBlock, Simulation } from './simulate/simulation.ts'

/**
 * An execution client without its servers: blocks, state, pool and EVM over one database. Everything
 * here is our own plain data, so that the EVM and the store behind it can be replaced.
 * Hashes, addresses and byte strings are lower-case hex; numbers are bigint unless they are small counts.
 */
export interface Execution extends AsyncDisposable {
  readonly chainId: bigint
  readonly engine: EngineApi
  readonly blocks: BlockReader
  readonly pool: TransactionPool
  /** What gas costs in a block and in the one after it, by the fork's rules. */
  fees(header: Header): BlockFees
  /** State after the block with this hash; null when the block is unknown or its state is gone. */
  state(blockHash: Hex): Promise<StateReader | null>
  /** Runs a message on top of a block without keeping its effects (eth_call, tracing, estimating). */
  call(request: CallRequest, options: CallOptions): Promise<CallResult>
  /** Runs blocks of messages over one changing state without keeping it (eth_simulateV1). */
  simulate(
    simulation: Simulation,
    options: { blockHash: Hex; signal?: AbortSignal },
  ): Promise<SimulatedBlock[]>
  /** Runs a mined transaction again in its place in its block. */
  replay(transactionHash: Hex, tracer?: Tracer): Promise<CallResult | null>
  /** Runs the transactions of a block again, one after the other; null when it or its state is unknown. */
  replayBlock(blockHash: Hex, options: ReplayBlockOptions): Promise<CallResult[] | null>
  /**
   * Executes an RLP block of any fork of the configured chain and makes it the head when its parent
   * is the head (as `geth import`). @throws CodedError INVALID_BLOCK
   */
  importBlock(rlp: Uint8Array): Promise<Header>
  /** After a block became head and is durable. `removed` lists blocks that left the canonical chain. */
  onHead(listener: (event: HeadEvent) => void): () => void
  /** State nodes and codes by their keccak256, for those who build a snapshot; null where there is none. */
  stateParts(hashes: readonly Uint8Array[]): (Uint8Array | null)[]
  /** Removes what only old blocks need. See `pruneChain`. */
  prune(options: PruneOptions): Promise<PruneResult>
  /** Resolves when the pool holds a transaction that could go into the next block. @throws the signal's reason */
  pendingTransactions(options: { signal: AbortSignal }): Promise<void>
}

/** Prices in wei per unit; null before the fork that brought them. */
export interface BlockFees {
  baseFeePerGas: bigint | null
  blobBaseFee: bigint | null
  /** The most blob gas that fits in the block. */
  maxBlobGas: bigint
  next: { baseFeePerGas: bigint | null; blobBaseFee: bigint | null }
}

export interface HeadEvent {
  block: Block
  receipts: Receipt[]
  /** The blocks that became canonical, lowest first; the last one is `block`. */
  added: { block: Block; receipts: Receipt[] }[]
  removed: { block: Block; receipts: Receipt[] }[]
}

export interface BlockReader {
  readonly genesis: Header
  readonly head: Header
  readonly safe: Header | null
  readonly finalized: Header | null
  /**
   * The first block after the genesis whose transactions are kept. Those of a snapshot's blocks are, but
   * not their receipts.
   */
  readonly historyStart: bigint
  byHash(hash: Hex): Promise<Block | null>
  /** Canonical chain only. */
  byNumber(number: bigint): Promise<Block | null>
  header(hash: Hex): Promise<Header | null>
  headerByNumber(number: bigint): Promise<Header | null>
  /** Receipts in the order of the block's transactions. */
  receipts(blockHash: Hex): Promise<Receipt[] | null>
  /** Where a canonical transaction is. */
  locate(transactionHash: Hex): Promise<{ block: Block; index: number } | null>
  /** EIP-2718/RLP encodings as they are on the wire and in the tries. */
  rawHeader(hash: Hex): Promise<Uint8Array | null>
  rawBlock(hash: Hex): Promise<Uint8Array | null>
  rawReceipts(hash: Hex): Promise<Uint8Array[] | null>
}

export interface Header {
  hash: Hex
  parentHash: Hex
  sha3Uncles: Hex
  miner: Hex
  stateRoot: Hex
  transactionsRoot: Hex
  receiptsRoot: Hex
  logsBloom: Hex
  difficulty: bigint
  number: bigint
  gasLimit: bigint
  gasUsed: bigint
  timestamp: bigint
  extraData: Hex
  mixHash: Hex
  nonce: Hex
  /** Absent before the fork that brought them. */
  baseFeePerGas?: bigint
  withdrawalsRoot?: Hex
  blobGasUsed?: bigint
  excessBlobGas?: bigint
  parentBeaconBlockRoot?: Hex
  requestsHash?: Hex
}

export interface Block {
  header: Header
  transactions: Transaction[]
  uncles: Hex[]
  withdrawals?: { index: bigint; validatorIndex: bigint; address: Hex; amount: bigint }[]
  /** Size of the RLP block in bytes. */
  size: number
}

export interface Transaction {
  hash: Hex
  /** EIP-2718 type: 0 legacy, 1 access list, 2 fee market, 3 blob, 4 set code */
  type: number
  from: Hex
  to: Hex | null
  nonce: bigint
  gas: bigint
  value: bigint
  input: Hex
  v: bigint
  r: bigint
  s: bigint
  /** Absent for pre-EIP-155 legacy transactions. */
  chainId?: bigint
  gasPrice?: bigint
  maxFeePerGas?: bigint
  maxPriorityFeePerGas?: bigint
  accessList?: { address: Hex; storageKeys: Hex[] }[]
  maxFeePerBlobGas?: bigint
  blobVersionedHashes?: Hex[]
  authorizationList?: {
    chainId: bigint
    address: Hex
    nonce: bigint
    yParity: bigint
    r: bigint
    s: bigint
  }[]
  /** EIP-2718 encoding. */
  raw: Hex
}

export interface Receipt {
  transactionHash: Hex
  transactionIndex: number
  type: number
  /** Before Byzantium receipts carry a state root instead. */
  status?: 0 | 1
  root?: Hex
  from: Hex
  to: Hex | null
  contractAddress: Hex | null
  cumulativeGasUsed: bigint
  gasUsed: bigint
  effectiveGasPrice: bigint
  blobGasUsed?: bigint
  blobGasPrice?: bigint
  logsBloom: Hex
  logs: Log[]
}

export interface Log {
  address: Hex
  topics: Hex[]
  data: Hex
  /** Position in the block. */
  logIndex: number
}

export interface StateReader {
  account(address: Hex): Promise<{ nonce: bigint; balance: bigint; codeHash: Hex } | null>
  code(address: Hex): Promise<Hex>
  /** Zero when unset. `slot` has 32 bytes. */
  storage(address: Hex, slot: Hex): Promise<bigint>
  /** Merkle-Patricia proofs (EIP-1186): RLP nodes from the root down. */
  proof(address: Hex, slots: Hex[]): Promise<AccountProof>
}

export interface AccountProof {
  balance: bigint
  nonce: bigint
  codeHash: Hex
  storageHash: Hex
  accountProof: Hex[]
  storageProof: { key: Hex; value: bigint; proof: Hex[] }[]
}

export interface CallRequest {
  from?: Hex
  to?: Hex | null
  gas?: bigint
  gasPrice?: bigint
  maxFeePerGas?: bigint
  maxPriorityFeePerGas?: bigint
  value?: bigint
  nonce?: bigint
  input?: Hex
  accessList?: { address: Hex; storageKeys: Hex[] }[]
  authorizationList?: Transaction['authorizationList']
}

export interface CallOptions {
  /** State after this block; the environment is this block's own. */
  blockHash: Hex
  /** Replaces fields of the environment (number, timestamp, base fee and so on). */
  blockOverrides?: Partial<
    Pick<Header, 'number' | 'timestamp' | 'gasLimit' | 'miner' | 'mixHash' | 'baseFeePerGas'>
  >
  stateOverrides?: Record<Hex, StateOverride>
  tracer?: Tracer
  signal?: AbortSignal
}

export interface StateOverride {
  balance?: bigint
  nonce?: bigint
  code?: Hex
  /** Replaces all storage. */
  state?: Record<Hex, Hex>
  /** Replaces single slots. */
  stateDiff?: Record<Hex, Hex>
}

export interface CallResult {
  /** Return or revert data. */
  returnData: Hex
  gasUsed: bigint
  /** Null on success; `revert` carries returnData, the rest is an EVM fault in geth's words. */
  failure: null | { kind: 'revert' | 'out of gas' | 'fault'; message: string }
  logs: Log[]
  createdAddress: Hex | null
  /** Addresses and slots touched (EIP-2930), for eth_createAccessList. */
  accessed: { address: Hex; storageKeys: Hex[] }[]
}

export interface ReplayBlockOptions {
  /** Sees the transaction with this index. */
  tracerFor(index: number): Tracer
  signal?: AbortSignal
}

/** Called synchronously while the EVM runs. */
export interface Tracer {
  enter?(frame: CallFrame): void
  exit?(result: {
    output: Hex
    gasUsed: bigint
    error: string | null
    createdAddress: Hex | null
  }): void
  step?(step: {
    pc: number
    opcode: string
    gas: bigint
    gasCost: bigint
    /** 1 in the outermost frame. */
    depth: number
    /** Bottom first. */
    stack: readonly bigint[]
    memory: Uint8Array
    address: Hex
    refund: bigint
  }): void
  log?(log: { address: Hex; topics: Hex[]; data: Hex }): void
}

export interface CallFrame {
  type: 'CALL' | 'STATICCALL' | 'DELEGATECALL' | 'CALLCODE' | 'CREATE' | 'CREATE2' | 'SELFDESTRUCT'
  from: Hex
  /** The code's address; null until a creation ends. */
  to: Hex | null
  value: bigint
  gas: bigint
  input: Hex
}

export interface TransactionPool {
  /**
   * Checks and keeps a raw transaction. @throws CodedError with a PoolErrorCode; messages are geth's
   * ("nonce too low", "replacement transaction underpriced", "insufficient funds for gas * price + value").
   */
  add(raw: Uint8Array): Promise<Hex>
  get(hash: Hex): Transaction | null
  /** Executable now (no nonce gap), and waiting behind a gap, by sender in the order of nonces. */
  content(): { pending: Map<Hex, Transaction[]>; queued: Map<Hex, Transaction[]> }
  status(): { pending: number; queued: number }
  /** The next nonce of an account with its pooled transactions counted. */
  nextNonce(address: Hex): Promise<bigint>
  onPending(listener: (transaction: Transaction) => void): () => void
}

export type PoolErrorCode =
  | 'NONCE_TOO_LOW'
  | 'NONCE_TOO_HIGH'
  | 'ALREADY_KNOWN'
  | 'REPLACEMENT_UNDERPRICED'
  | 'UNDERPRICED'
  | 'INSUFFICIENT_FUNDS'
  | 'INTRINSIC_GAS'
  | 'GAS_LIMIT'
  | 'INVALID_SENDER'
  | 'TYPE_NOT_SUPPORTED'
  | 'OVERSIZED'
  | 'POOL_FULL'
  | 'FEE_CAP_TOO_LOW'
  | 'TIP_ABOVE_FEE_CAP'
  | 'DECODE'
