import { z } from 'zod'
import type { Anchor, Receipt, ReceiptProof, SignedReceipt } from './receipt.ts'
import { Address, AtomicAmount, Bytes32, SignatureHex, Uint256Text } from './scalars.ts'

const amount = AtomicAmount.transform(BigInt)
const counter = Uint256Text.transform(BigInt)

/** A receipt in JSON: integers as decimal text, the rest as hexadecimal. */
export const ReceiptJson = z.object({
  serviceId: Bytes32,
  channelId: Bytes32,
  payer: Address,
  provider: Address,
  sequence: counter,
  requestHash: Bytes32,
  responseHash: Bytes32,
  modelCidHash: Bytes32,
  runtimeId: Bytes32,
  unitsIn: counter,
  unitsOut: counter,
  amount,
  cumulative: amount,
  time: counter.refine((time) => time < 1n << 64n, 'the time fits in 64 bits'),
  idempotencyKeyHash: Bytes32,
}) satisfies z.ZodType<Receipt>

/** As QUOIN-RECEIPT, the receipts' HTTP endpoints and the CLI carry it. */
export const SignedReceiptJson = z.object({
  id: Bytes32,
  receipt: ReceiptJson,
  signature: SignatureHex,
  modelCid: z.string().max(256),
}) satisfies z.ZodType<SignedReceipt>

export const AnchorJson = z.object({
  provider: Address,
  epoch: counter,
  root: Bytes32,
  count: z.number().int().positive(),
  transactionHash: Bytes32,
  blockNumber: counter,
}) satisfies z.ZodType<Anchor>

export const ReceiptProofJson = z.object({
  anchor: AnchorJson,
  path: z.array(Bytes32).max(64),
}) satisfies z.ZodType<ReceiptProof>

/** The JSON form of a receipt, anchor or proof: every bigint becomes decimal text. */
export function toReceiptJson<T>(value: T): JsonOf<T> {
  return JSON.parse(
    JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? member.toString() : member)),
  )
}

export type JsonOf<T> = T extends bigint
  ? string
  : T extends string | number | boolean | null
    ? T
    : T extends readonly (infer Item)[]
      ? JsonOf<Item>[]
      : { [Key in keyof T]: JsonOf<T[Key]> }
