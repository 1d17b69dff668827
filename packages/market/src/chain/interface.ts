import type { Hex } from '@quoin/kernel'
import type { ChannelConfig, ExactPayload, Session } from '@quoin/protocol'

/** What the market reads from and sends to the chain; one implementation, over the ledger package. */
export interface Chain {
  readChannel(channelId: Hex): Promise<ChannelFacts>
  /** `used` says that the nonce is gone, not into what. */
  readAuthorization(payer: Hex, nonce: Hex): Promise<{ payerBalance: bigint; used: boolean }>
  /** The transaction that made this very transfer; null when there is none. */
  findTransfer(transfer: ExactPayload): Promise<Hex | null>
  /** What was claimed for a receiver in a token and what of it was paid out. */
  readReceiver(receiver: Hex, token: Hex): Promise<{ claimed: bigint; settled: bigint }>
  blockNumber(): Promise<bigint>
  /** The channels that any settlement or session event names in these blocks. */
  changedChannels(fromBlock: bigint, toBlock: bigint): Promise<Hex[]>
  /** The anchor of an epoch, if the chain has it. */
  findAnchor(epoch: bigint): Promise<AnchorFact | null>
  /** The epoch that the contract expects next. */
  nextEpoch(): Promise<bigint>

  deposit(deposit: DepositOrder): Promise<Mined>
  claim(claims: ClaimOrder[], authorizerSignature: Hex): Promise<Mined>
  settle(receiver: Hex, token: Hex): Promise<Mined & { amount: bigint }>
  refund(refund: RefundOrder): Promise<Mined>
  /** Settles EIP-3009 transfers, several in one transaction; one that fails does not stop the others, `settled` says which went through. */
  transferAll(transfers: ExactPayload[]): Promise<Mined & { settled: boolean[] }>
  anchor(epoch: bigint, root: Hex, count: number): Promise<Mined>
}

export interface ChannelFacts {
  balance: bigint
  totalClaimed: bigint
  withdrawal: { amount: bigint; requestedAt: number }
  refundNonce: bigint
  session: Session | null
}

interface DepositOrder {
  config: ChannelConfig
  amount: bigint
  authorization: { validAfter: bigint; validBefore: bigint; salt: Hex; signature: Hex }
}

export interface ClaimOrder {
  config: ChannelConfig
  maxClaimable: bigint
  signature: Hex
  totalClaimed: bigint
}

export interface RefundOrder {
  config: ChannelConfig
  amount: bigint
  nonce: bigint
  signature: Hex
  /** Claimed in the same transaction before the refund. */
  claim: { order: ClaimOrder; signature: Hex } | null
}

/** A transaction that is in a block and succeeded. */
export interface Mined {
  transactionHash: Hex
  blockNumber: bigint
}

interface AnchorFact extends Mined {
  root: Hex
  count: number
}
