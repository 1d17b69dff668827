import type { Hex } from '@quoin/kernel'
import { bytesToHex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { ChannelConfig, Eip3009Authorization, Receipt } from '@quoin/protocol'

/**
 * EIP-712 digests written straight into reused buffers, for the path of every paid call: several
 * times faster than a general encoder. Tests compare each with viem's hashTypedData.
 */
export interface Digests {
  channelId(config: ChannelConfig): Hex
  voucher(channelId: Hex, maxClaimable: bigint): Uint8Array
  refund(channelId: Hex, nonce: bigint, amount: bigint): Uint8Array
  claimBatch(entries: readonly ClaimEntry[]): Uint8Array
  receipt(receipt: Receipt): Uint8Array
  /** EIP-3009 TransferWithAuthorization (for exact) under the token's domain. */
  transfer(authorization: Eip3009Authorization): Uint8Array
  /** EIP-3009 ReceiveWithAuthorization (for deposits) under the token's domain. */
  receive(authorization: Eip3009Authorization): Uint8Array
}

interface ClaimEntry {
  channelId: Hex
  maxClaimable: bigint
  totalClaimed: bigint
}

export interface DigestDomains {
  chainId: number
  settlement: Hex
  receipts: Hex
  token: { address: Hex; name: string; version: string }
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const typeHash = (text: string): Uint8Array => keccak256(utf8(text))

const types = {
  channelConfig: typeHash(
    'ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)',
  ),
  voucher: typeHash('Voucher(bytes32 channelId,uint128 maxClaimableAmount)'),
  refund: typeHash('Refund(bytes32 channelId,uint256 nonce,uint128 amount)'),
  claimEntry: typeHash(
    'ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)',
  ),
  claimBatch: typeHash(
    'ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)',
  ),
  receipt: typeHash(
    'Receipt(bytes32 serviceId,bytes32 channelId,address payer,address provider,uint256 sequence,bytes32 requestHash,bytes32 responseHash,bytes32 modelCidHash,bytes32 runtimeId,uint256 unitsIn,uint256 unitsOut,uint128 amount,uint128 cumulative,uint64 time,bytes32 idempotencyKeyHash)',
  ),
  transfer: typeHash(
    'TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
  ),
  receive: typeHash(
    'ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
  ),
  domain: typeHash(
    'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
  ),
}

type Field =
  | { kind: 'hex'; of: Hex }
  | { kind: 'uint'; of: bigint }
  | { kind: 'bytes'; of: Uint8Array }

const hex = (of: Hex): Field => ({ kind: 'hex', of })
const uint = (of: bigint): Field => ({ kind: 'uint', of })
const bytes = (of: Uint8Array): Field => ({ kind: 'bytes', of })

export function createDigests({ chainId, settlement, receipts, token }: DigestDomains): Digests {
  const scratch = Buffer.alloc(32 * 16)
  const struct = (type: Uint8Array, fields: readonly Field[]): Uint8Array =>
    hashStruct(scratch, type, fields)
  const domain = (name: string, version: string, contract: Hex): Uint8Array =>
    struct(types.domain, [
      bytes(keccak256(utf8(name))),
      bytes(keccak256(utf8(version))),
      uint(BigInt(chainId)),
      hex(contract),
    ])
  const inSettlement = createEnvelope(domain('x402 Batch Settlement', '1', settlement))
  const inReceipts = createEnvelope(domain('Quoin Receipt', '1', receipts))
  const inToken = createEnvelope(domain(token.name, token.version, token.address))

  return {
    channelId: (config) => bytesToHex(inSettlement(struct(types.channelConfig, configOf(config)))),
    voucher: (channelId, maxClaimable) =>
      inSettlement(struct(types.voucher, [hex(channelId), uint(maxClaimable)])),
    refund: (channelId, nonce, amount) =>
      inSettlement(struct(types.refund, [hex(channelId), uint(nonce), uint(amount)])),
    claimBatch: (entries) => {
      const hashes = entries.map(({ channelId, maxClaimable, totalClaimed }) =>
        struct(types.claimEntry, [hex(channelId), uint(maxClaimable), uint(totalClaimed)]),
      )
      return inSettlement(struct(types.claimBatch, [bytes(keccak256(Buffer.concat(hashes)))]))
    },
    receipt: (receipt) => inReceipts(struct(types.receipt, receiptFields(receipt))),
    transfer: (authorization) => inToken(struct(types.transfer, transferFields(authorization))),
    receive: (authorization) => inToken(struct(types.receive, transferFields(authorization))),
  }
}

function configOf(config: ChannelConfig): Field[] {
  return [
    hex(config.payer),
    hex(config.payerAuthorizer),
    hex(config.receiver),
    hex(config.receiverAuthorizer),
    hex(config.token),
    uint(BigInt(config.withdrawDelay)),
    hex(config.salt),
  ]
}

function receiptFields(receipt: Receipt): Field[] {
  return [
    hex(receipt.serviceId),
    hex(receipt.channelId),
    hex(receipt.payer),
    hex(receipt.provider),
    uint(receipt.sequence),
    hex(receipt.requestHash),
    hex(receipt.responseHash),
    hex(receipt.modelCidHash),
    hex(receipt.runtimeId),
    uint(receipt.unitsIn),
    uint(receipt.unitsOut),
    uint(receipt.amount),
    uint(receipt.cumulative),
    uint(receipt.time),
    hex(receipt.idempotencyKeyHash),
  ]
}

function transferFields(authorization: Eip3009Authorization): Field[] {
  return [
    hex(authorization.from),
    hex(authorization.to),
    uint(BigInt(authorization.value)),
    uint(BigInt(authorization.validAfter)),
    uint(BigInt(authorization.validBefore)),
    hex(authorization.nonce),
  ]
}

function createEnvelope(domain: Uint8Array): (structHash: Uint8Array) => Uint8Array {
  const envelope = Buffer.alloc(66)
  envelope.set([0x19, 0x01])
  envelope.set(domain, 2)
  return (structHash) => {
    envelope.set(structHash, 34)
    return keccak256(envelope)
  }
}

/** keccak256(typeHash ‖ each field in 32 bytes); addresses and numbers are padded on the left. */
function hashStruct(scratch: Buffer, type: Uint8Array, fields: readonly Field[]): Uint8Array {
  const size = 32 * (fields.length + 1)
  scratch.fill(0, 0, size)
  scratch.set(type)
  let end = 64
  for (const field of fields) {
    if (field.kind === 'hex') scratch.write(field.of.slice(2), end - field.of.length / 2 + 1, 'hex')
    else if (field.kind === 'uint') writeUint(scratch, end, field.of)
    else scratch.set(field.of, end - 32)
    end += 32
  }
  return keccak256(scratch.subarray(0, size))
}

function writeUint(scratch: Buffer, end: number, value: bigint): void {
  let rest = value
  for (let offset = end - 8; rest > 0n; offset -= 8) {
    scratch.writeBigUInt64BE(rest & 0xffffffffffffffffn, offset)
    rest >>= 64n
  }
}
