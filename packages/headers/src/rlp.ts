import { RLP } from '@ethereumjs/rlp'
import { bytesToHex, CodedError, type Hex, hexToBytes } from '@quoin/kernel'

/** What our encodings are made of before RLP: byte strings and lists of them. */
export type RlpItem = Uint8Array | RlpItem[]

export function encodeRlp(item: RlpItem): Uint8Array {
  return RLP.encode(item)
}

/** @throws CodedError `INVALID_ENCODING` when the bytes are not exactly one canonical RLP item. */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  try {
    return RLP.decode(bytes)
  } catch (cause) {
    throw new CodedError('INVALID_ENCODING', 'The bytes are not canonical RLP', { cause })
  }
}

/** A list of exactly `length` items. */
export function toList(item: RlpItem | undefined, what: string, length?: number): RlpItem[] {
  if (!Array.isArray(item) || (length !== undefined && item.length !== length))
    throw new CodedError('INVALID_ENCODING', `${what} is not a list of ${length ?? 'items'}`)
  return item
}

export function toHex(item: RlpItem | undefined, what: string, size?: number): Hex {
  if (!(item instanceof Uint8Array) || (size !== undefined && item.length !== size))
    throw new CodedError('INVALID_ENCODING', `${what} is not a string of ${size ?? 'some'} bytes`)
  return bytesToHex(item)
}

/** Big-endian without leading zeros. */
export function toBigint(item: RlpItem | undefined, what: string): bigint {
  const hex = toHex(item, what)
  if (hex.startsWith('0x00') || hex.length > 66)
    throw new CodedError('INVALID_ENCODING', `${what} is not a canonical number`)
  return hex === '0x' ? 0n : BigInt(hex)
}

export function toNumber(item: RlpItem | undefined, what: string): number {
  const value = toBigint(item, what)
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new CodedError('INVALID_ENCODING', `${what} is too large`)
  return Number(value)
}

export function hexItem(hex: Hex): Uint8Array {
  return hexToBytes(hex)
}

export function numberItem(value: bigint | number): Uint8Array {
  if (value < 0) throw new RangeError(`RLP has no negative numbers: ${value}`)
  const digits = value.toString(16)
  if (digits === '0') return new Uint8Array()
  return hexToBytes(`0x${digits.length % 2 ? '0' : ''}${digits}`)
}

export function textItem(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
