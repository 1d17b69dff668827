import type { Hex } from '@quoin/kernel'
import { isReceiptSigned, type ReceiptDomain, type SignedReceipt } from '@quoin/protocol'
import { keccak256, stringToBytes } from 'viem'
import { isSameAddress } from './limits.ts'

/** What the caller knows of its own call, to hold the receipt against. */
export interface ExpectedReceipt {
  domain: ReceiptDomain
  /** Null when the call was not paid from a channel. */
  channelId: Hex | null
  payer: Hex
  provider: string
  /** Null when the body was not JSON. */
  requestHash: Hex | null
  responseHash: Hex
  /** The most that was agreed for this call. */
  ceiling: bigint
  /** The highest total ever signed on the channel; null when the call was not paid from one. */
  signed: bigint | null
  idempotencyKey: string
}

/** Everything that is wrong with a receipt, one clause each; empty when it is right. */
export async function receiptFaults(
  signed: SignedReceipt,
  expected: ExpectedReceipt,
): Promise<string[]> {
  const { receipt } = signed
  const checks: [boolean, string][] = [
    [await isReceiptSigned(signed, expected.domain), 'its id or its signature is wrong'],
    [isSameAddress(receipt.provider, expected.provider), `its provider is ${receipt.provider}`],
    [isSameAddress(receipt.payer, expected.payer), `its payer is ${receipt.payer}`],
    [
      expected.channelId === null || receipt.channelId === expected.channelId,
      `its channel is ${receipt.channelId}`,
    ],
    [
      expected.requestHash === null || receipt.requestHash === expected.requestHash,
      'it is for another request',
    ],
    [receipt.responseHash === expected.responseHash, 'it is for another response'],
    [
      receipt.amount <= expected.ceiling,
      `it charges ${receipt.amount}, more than the ${expected.ceiling} agreed`,
    ],
    [
      expected.signed === null || receipt.cumulative <= expected.signed,
      `its total of ${receipt.cumulative} is more than was signed`,
    ],
    [
      receipt.idempotencyKeyHash === keccak256(stringToBytes(expected.idempotencyKey)),
      'its idempotency key is another',
    ],
    [
      receipt.modelCidHash === keccak256(stringToBytes(signed.modelCid)),
      'its model CID does not match the hash that was signed',
    ],
  ]
  return checks.filter(([right]) => !right).map(([, fault]) => fault)
}
