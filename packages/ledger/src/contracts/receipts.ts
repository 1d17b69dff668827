import { receiptsAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import type { SendOptions } from '../sender/interface.ts'

/** What a provider signs per paid call; see the protocol's Receipt for the units. */
export interface ReceiptFields {
  serviceId: Hex
  channelId: Hex
  payer: Hex
  provider: Hex
  sequence: bigint
  requestHash: Hex
  responseHash: Hex
  modelCidHash: Hex
  runtimeId: Hex
  unitsIn: bigint
  unitsOut: bigint
  amount: bigint
  cumulative: bigint
  time: bigint
  idempotencyKeyHash: Hex
}

/** A Merkle root of receipts on the chain. */
export interface AnchorRecord {
  provider: Hex
  epoch: bigint
  root: Hex
  count: number
  /** Seconds since 1970. */
  time: number
  transactionHash: Hex
  blockNumber: bigint
}

export type Receipts = ReturnType<typeof createReceipts>

/** Anchors of receipts, and the chain's own check of a receipt. */
export function createReceipts(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.receipts, abi: receiptsAbi } as const

  return {
    /** The epoch that a provider's next anchor must name; the first is 1. */
    async nextEpoch(provider: Hex): Promise<bigint> {
      const args = [provider] as const
      const last = await context.read('read a provider’s epoch', () =>
        client.readContract({ ...contract, functionName: 'epochs', args }),
      )
      return last + 1n
    },

    /**
     * Anchors from the provider's account. Naming the epoch makes it safe to send again.
     * @throws CodedError `CALL_REVERTED` with `detail.error` `WrongEpoch` when it was anchored before.
     */
    async anchor(epoch: bigint, root: Hex, count: number, options?: SendOptions): Promise<Mined> {
      const args = [epoch, root, BigInt(count)] as const
      const data = encodeFunctionData({ abi: receiptsAbi, functionName: 'anchor', args })
      return context.write({ to: addresses.receipts, data, doing: 'anchor receipts' }, options)
    },

    /** Null where the provider has not anchored that epoch. */
    async findAnchor(provider: Hex, epoch: bigint): Promise<AnchorRecord | null> {
      const args = [provider, epoch] as const
      const [root, count, time, blockNumber] = await context.read('read an anchor', () =>
        client.readContract({ ...contract, functionName: 'anchors', args }),
      )
      if (count === 0n) return null
      const [log] = await context.read('read an anchor’s event', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'Anchored',
          args: { provider, epoch },
          fromBlock: blockNumber,
          toBlock: blockNumber,
        }),
      )
      if (!log) return null
      const { transactionHash } = log
      return {
        provider,
        epoch,
        root,
        count: Number(count),
        time: Number(time),
        transactionHash,
        blockNumber,
      }
    },

    /** Whether a receipt id is under a provider's anchor, judged by the chain. */
    async isAnchored(proof: { provider: Hex; epoch: bigint; receiptId: Hex; path: Hex[] }) {
      const args = [proof.provider, proof.epoch, proof.receiptId, proof.path] as const
      return context.read('verify an anchored receipt', () =>
        client.readContract({ ...contract, functionName: 'verify', args }),
      )
    },

    /** Whether the provider (or a key that it registered) signed the receipt, judged by the chain. */
    async isSigned(receipt: ReceiptFields, signature: Hex): Promise<boolean> {
      const args = [receipt, signature] as const
      return context.read('verify a receipt’s signature', () =>
        client.readContract({ ...contract, functionName: 'isSigned', args }),
      )
    },

    /** Both checks in one call: signed, and under the anchor. */
    async verify(
      receipt: ReceiptFields,
      proof: { signature: Hex; epoch: bigint; path: Hex[] },
    ): Promise<boolean> {
      const args = [receipt, proof.signature, proof.epoch, proof.path] as const
      return context.read('verify a receipt', () =>
        client.readContract({ ...contract, functionName: 'verifyReceipt', args }),
      )
    },
  }
}
