import type { BlockStore, ConsensusEngine, ConsensusStatus } from '@quoin/consensus'
import type { Validator, ValidatorSet } from '@quoin/headers'
import type { Hex, Logger } from '@quoin/kernel'
import type { Network, PeerInfo } from '@quoin/network'
import type { PowEngine, PowStatus } from '@quoin/pow'
import type { ExecutionWorker, ExecutionWorkerStatus } from '@quoin/rpc'
import type { SyncSettings } from './bft/begin-from-snapshot.ts'
import type { Genesis, Policy } from './genesis-schema.ts'
import type { NetworkSettings } from './network/open-chain-network.ts'
import type { GossipCounts } from './network/transaction-gossip.ts'

export interface ChainOptions {
  /** Everything the chain keeps is below this folder. One process at a time. */
  dataDir: string
  /** Begins a chain in an empty folder; must be the same one later, or left out. */
  genesis?: Genesis
  /** 32 bytes. Null, or a key that is not a validator's (yet), follows without voting. */
  validatorKey: Uint8Array | null
  /**
   * Gets the fees of this validator's blocks where validators are fixed, and those of a miner's with the
   * reward; the validator key's address by default.
   */
  feeRecipient?: Hex
  /** At most one block in this time; the genesis says it by default. */
  blockTimeMs?: number
  /** Time between empty blocks; the genesis says it by default. */
  heartbeatMs?: number
  /** Threads that mine on a chain of proof of work; 0, which follows only, by default. */
  miningThreads?: number
  /**
   * What a validator does by itself with transactions from its key's account, where the Staking contract
   * names validators: evidence, absence, and with `isUnjailing` its own return from jail. Null: nothing.
   */
  duties?: { isUnjailing?: boolean } | null
  /** JSON-RPC over HTTP and WebSocket; port 0 takes a free one. */
  rpc: { host: string; port: number }
  /** Other nodes of the chain; without it the node is alone. */
  network?: NetworkSettings
  /**
   * How a new node of a BFT chain begins: by executing every block from the genesis (the default), or at the
   * last epoch's end, with the state that other nodes bring and this one checks. A checkpoint is a block
   * that somebody vouches for, needed once the genesis is older than the trusting period.
   */
  sync?: SyncSettings
  /** Older blocks' transactions, receipts and states are removed; all are kept by default. At least 256. */
  keepBlocks?: number
  /** Ends a start that takes long. */
  signal?: AbortSignal
  logger?: Logger
}

/** A running chain node: consensus here, execution and its JSON-RPC in a thread of their own. */
export type Chain = BftChain | PowChain

interface AnyChain extends AsyncDisposable {
  readonly genesis: Genesis
  readonly rpcUrl: string
  readonly webSocketUrl: string
  /** Address of the validator key; null without one. */
  readonly validator: Hex | null
  readonly execution: ExecutionWorker
  /** Null when the node is alone. */
  readonly network: Network | null
  status(): Promise<ChainStatus>
  /** When a part has stopped by itself: the node does its work no more, and must be closed. */
  onFailure(listener: (failure: Error) => void): () => void
}

export interface BftChain extends AnyChain {
  readonly engine: 'bft'
  readonly consensus: ConsensusEngine
  /** Decided blocks with their certificates. */
  readonly blocks: BlockStore
  /** Who decides a height, up to the end of the epoch after the last block's. */
  validatorsAt(height: number): ValidatorSet
}

export interface PowChain extends AnyChain {
  readonly engine: 'pow'
  readonly consensus: PowEngine
}

interface AnyStatus {
  /** Of the head: final on a BFT chain. */
  height: number
  peers: readonly PeerInfo[]
  execution: ExecutionWorkerStatus
  /** Null when the node is alone. */
  transactions: GossipCounts | null
}

/** Where a node is, as plain data. */
export type ChainStatus =
  | (AnyStatus & {
      engine: 'bft'
      policy: Policy
      consensus: ConsensusStatus
      /** Who decides the height that is being decided. */
      validators: readonly Validator[]
    })
  | (AnyStatus & { engine: 'pow'; consensus: PowStatus })
