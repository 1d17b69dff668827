import type { Hex } from '@quoin/kernel'

/** What the provider signs (EIP-712), once per paid call. */
export interface Receipt {
  serviceId: Hex
  channelId: Hex
  payer: Hex
  provider: Hex
  /** Counts the receipts of one channel from 1. */
  sequence: bigint
  requestHash: Hex
  responseHash: Hex
  /** keccak256 of the model CID's text. */
  modelCidHash: Hex
  runtimeId: Hex
  unitsIn: bigint
  unitsOut: bigint
  amount: bigint
  /** Total charged on the channel, this call included. */
  cumulative: bigint
  /** Milliseconds since 1970. */
  time: bigint
  /** keccak256 of the idempotency key's text, or zero. */
  idempotencyKeyHash: Hex
}

export interface SignedReceipt {
  /** The EIP-712 hash: the receipt's name everywhere, and the leaf of the Merkle tree. */
  id: Hex
  receipt: Receipt
  signature: Hex
  modelCid: string
}

export interface ReceiptProof {
  anchor: Anchor
  /** Sorted-pair Merkle path (OpenZeppelin's StandardMerkleTree / MerkleProof). */
  path: Hex[]
}

export interface Anchor {
  provider: Hex
  epoch: bigint
  root: Hex
  count: number
  transactionHash: Hex
  blockNumber: bigint
}
