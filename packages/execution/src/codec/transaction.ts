import { CodedError, type Hex } from '@quoin/kernel'
import { keccak256, recoverPublicKey } from '@quoin/keys'
import type { Transaction } from '../interface.ts'
import { padLeft, toBigint, toHex, toMinimalBytes, toWord } from './bytes.ts'
import { asBytes, asList, decodeRlpList, encodeRlp, itemOffsets, type Rlp } from './rlp.ts'

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** Number of fields of each EIP-2718 type, three of them the signature. */
const fieldCounts: Record<number, number> = { 0: 9, 1: 11, 2: 12, 3: 14, 4: 13 }

/**
 * Decodes an EIP-2718 transaction and recovers who signed it, or takes what the caller knows already.
 * @throws CodedError DECODE for bytes that are no transaction, INVALID_SENDER for a bad signature,
 * TYPE_NOT_SUPPORTED for a type above 4
 */
export function decodeTransaction(
  raw: Uint8Array,
  { from, hash }: { from?: Hex | undefined; hash?: Hex } = {},
): Transaction {
  const first = raw[0] ?? 0
  const type = first >= 0xc0 ? 0 : first
  const count = fieldCounts[type]
  if (raw.length === 0 || first === 0) throw decodeError('typed transaction too short')
  if (count === undefined || (first < 0xc0 && first > 0x7f))
    throw new CodedError('TYPE_NOT_SUPPORTED', 'transaction type not supported')
  const body = type === 0 ? raw : raw.subarray(1)
  try {
    const fields = decodeRlpList(body)
    if (fields.length !== count) throw decodeError('rlp: wrong number of fields')
    const base = type === 0 ? legacyFields(fields) : typedFields(type, fields)
    return {
      hash: hash ?? toHex(keccak256(raw)),
      from: from ?? recoverSender(base, body, count),
      ...base,
      raw: toHex(raw),
    }
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'INVALID_RLP')
      throw new CodedError('DECODE', cause.message, { cause })
    throw cause
  }
}

type Unsigned = Omit<Transaction, 'hash' | 'from' | 'raw'>

function legacyFields(fields: readonly Rlp[]): Unsigned {
  const v = quantity(fields[6])
  const transaction: Unsigned = {
    type: 0,
    nonce: quantity(fields[0], 8),
    gasPrice: quantity(fields[1]),
    gas: quantity(fields[2], 8),
    to: recipient(fields[3]),
    value: quantity(fields[4]),
    input: toHex(asBytes(fields[5])),
    v,
    r: quantity(fields[7]),
    s: quantity(fields[8]),
  }
  if (v >= 35n) transaction.chainId = (v - 35n) / 2n
  return transaction
}

function typedFields(type: number, fields: readonly Rlp[]): Unsigned {
  const isFeeMarket = type >= 2
  const at = isFeeMarket ? 4 : 3
  const end = fields.length - 3
  const transaction: Unsigned = {
    type,
    chainId: quantity(fields[0]),
    nonce: quantity(fields[1], 8),
    ...(isFeeMarket
      ? { maxPriorityFeePerGas: quantity(fields[2]), maxFeePerGas: quantity(fields[3]) }
      : { gasPrice: quantity(fields[2]) }),
    gas: quantity(fields[at], 8),
    to: recipient(fields[at + 1]),
    value: quantity(fields[at + 2]),
    input: toHex(asBytes(fields[at + 3])),
    accessList: accessList(fields[at + 4]),
    v: quantity(fields[end]),
    r: quantity(fields[end + 1]),
    s: quantity(fields[end + 2]),
  }
  if (type >= 3 && transaction.to === null)
    throw decodeError('rlp: input string too short for common.Address')
  if (type === 3) {
    transaction.maxFeePerBlobGas = quantity(fields[9])
    transaction.blobVersionedHashes = asList(fields[10]).map((hash) => fixed(hash, 32))
  }
  if (type === 4) transaction.authorizationList = asList(fields[9]).map(authorization)
  return transaction
}

function authorization(item: Rlp): NonNullable<Transaction['authorizationList']>[number] {
  const fields = asList(item)
  if (fields.length !== 6) throw decodeError('rlp: an authorization has six fields')
  return {
    chainId: quantity(fields[0]),
    address: fixed(fields[1], 20),
    nonce: quantity(fields[2], 8),
    yParity: quantity(fields[3], 1),
    r: quantity(fields[4]),
    s: quantity(fields[5]),
  }
}

function accessList(item: Rlp | undefined): NonNullable<Transaction['accessList']> {
  return asList(item).map((entry) => {
    const [address, keys, ...more] = asList(entry)
    if (more.length > 0) throw decodeError('rlp: an access list entry has two fields')
    return {
      address: fixed(address, 20),
      storageKeys: asList(keys).map((key) => fixed(key, 32)),
    }
  })
}

function quantity(item: Rlp | undefined, maxBytes = 32): bigint {
  const bytes = asBytes(item)
  if (bytes.length > maxBytes) throw decodeError('rlp: integer too large')
  if (bytes[0] === 0) throw decodeError('rlp: non-canonical integer (leading zero bytes)')
  return toBigint(bytes)
}

function fixed(item: Rlp | undefined, size: number): Hex {
  const bytes = asBytes(item)
  if (bytes.length !== size) throw decodeError(`rlp: ${size} bytes were expected`)
  return toHex(bytes)
}

function recipient(item: Rlp | undefined): Hex | null {
  return asBytes(item).length === 0 ? null : fixed(item, 20)
}

function recoverSender(transaction: Unsigned, body: Uint8Array, count: number): Hex {
  const { r, s, v } = transaction
  const yParity = transaction.type === 0 ? legacyParity(v) : Number(v)
  if ((yParity !== 0 && yParity !== 1) || r === 0n || s === 0n || s > halfOrder)
    throw new CodedError('INVALID_SENDER', 'invalid sender')
  const compact = new Uint8Array(64)
  compact.set(padLeft(toMinimalBytes(r), 32))
  compact.set(padLeft(toMinimalBytes(s), 32), 32)
  try {
    return addressOf(recoverPublicKey(signedHash(transaction, body, count), compact, yParity))
  } catch (cause) {
    throw new CodedError('INVALID_SENDER', 'invalid sender', { cause })
  }
}

function addressOf(publicKey: Uint8Array): Hex {
  return toHex(keccak256(publicKey).subarray(12))
}

function legacyParity(v: bigint): number {
  if (v === 27n || v === 28n) return Number(v - 27n)
  return v >= 35n ? Number((v - 35n) % 2n) : -1
}

/** The fields before the signature are signed as they are encoded. */
function signedHash(transaction: Unsigned, body: Uint8Array, count: number): Uint8Array {
  const offsets = itemOffsets(body)
  const signed = body.subarray(offsets[0], offsets[count - 3])
  const { type, chainId } = transaction
  const suffix =
    type === 0 && chainId !== undefined
      ? Buffer.concat([encodeRlp(toMinimalBytes(chainId)), Uint8Array.of(0x80, 0x80)])
      : new Uint8Array(0)
  const length = signed.length + suffix.length
  const prefix = type === 0 ? [] : [type]
  const digits = length < 56 ? [] : [...toMinimalBytes(BigInt(length))]
  prefix.push(...(length < 56 ? [0xc0 + length] : [0xf7 + digits.length, ...digits]))
  return keccak256(Buffer.concat([Uint8Array.from(prefix), signed, suffix]))
}

/** Who signed an EIP-7702 authorization; null when no one did. */
export function recoverAuthority(
  item: NonNullable<Transaction['authorizationList']>[number],
): Hex | null {
  if (item.yParity > 1n || item.s > halfOrder || item.r === 0n || item.s === 0n) return null
  const message = encodeRlp([
    toMinimalBytes(item.chainId),
    Buffer.from(item.address.slice(2), 'hex'),
    toMinimalBytes(item.nonce),
  ])
  const compact = Buffer.from(toWord(item.r).slice(2) + toWord(item.s).slice(2), 'hex')
  try {
    const hash = keccak256(Buffer.concat([Uint8Array.of(5), message]))
    return addressOf(recoverPublicKey(hash, compact, Number(item.yParity)))
  } catch {
    return null
  }
}

function decodeError(message: string): CodedError {
  return new CodedError('DECODE', message)
}
