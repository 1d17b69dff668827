import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256, signatureToBytes, signHash } from '@quoin/keys'
import type { Receipt, SignedReceipt } from '@quoin/protocol'
import type { Digests } from './digest.ts'
import type { CallRequest, Outcome } from './interface.ts'

const zero: Hex = `0x${'0'.repeat(64)}`
const cidHashes = new Map<string, Hex>()

export interface ChargeFacts {
  channelId: Hex
  payer: Hex
  sequence: bigint
  amount: bigint
  cumulative: bigint
  timeMs: number
}

/** Signs one receipt natively. */
export function issueReceipt(
  signer: { digests: Digests; privateKey: Uint8Array; address: Hex },
  call: CallRequest,
  outcome: Outcome,
  charge: ChargeFacts,
): SignedReceipt {
  const receipt: Receipt = {
    serviceId: call.serviceId,
    channelId: charge.channelId,
    payer: charge.payer,
    provider: signer.address,
    sequence: charge.sequence,
    requestHash: call.requestHash,
    responseHash: outcome.responseHash ?? bytesToHex(keccak256(outcome.body)),
    modelCidHash: cidHashOf(call.modelCid),
    runtimeId: call.runtimeId,
    unitsIn: BigInt(outcome.unitsIn),
    unitsOut: BigInt(outcome.unitsOut),
    amount: charge.amount,
    cumulative: charge.cumulative,
    time: BigInt(charge.timeMs),
    idempotencyKeyHash: call.idempotencyKey === undefined ? zero : textHash(call.idempotencyKey),
  }
  const digest = signer.digests.receipt(receipt)
  const signature = signatureToBytes(signHash(digest, signer.privateKey))
  return {
    id: toHex(digest),
    receipt,
    signature: toHex(signature),
    modelCid: call.modelCid,
  }
}

function cidHashOf(cid: string): Hex {
  const known = cidHashes.get(cid)
  if (known) return known
  const hash = textHash(cid)
  if (cidHashes.size < 1000) cidHashes.set(cid, hash)
  return hash
}

function textHash(text: string): Hex {
  return bytesToHex(keccak256(Buffer.from(text, 'utf8')))
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`
}
