import { CodedError } from './errors.ts'

/** Lower-case hexadecimal with 0x, as everywhere in Ethereum's JSON-RPC. */
export type Hex = `0x${string}`

const byteToDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Where there is one, Node's Buffer is ten times as fast on long strings. */
const nodeBuffer = typeof Buffer === 'undefined' ? null : Buffer

export function bytesToHex(bytes: Uint8Array): Hex {
  if (nodeBuffer && bytes.length > 32)
    return `0x${nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`
  let digits = ''
  for (const byte of bytes) digits += byteToDigits[byte]
  return `0x${digits}`
}

/** @throws CodedError `INVALID_HEX` when `hex` is not an even number of hexadecimal digits after 0x. */
export function hexToBytes(hex: string): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex))
    throw new CodedError(
      'INVALID_HEX',
      `Not a whole number of hexadecimal bytes: ${hex.slice(0, 40)}`,
    )
  return digitsToBytes(hex.slice(2))
}

/** Ethereum's QUANTITY: no leading zeros, zero is 0x0. */
export function bigintToHex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`
}

/** Big-endian, left-padded to `size` bytes. */
export function bigintToBytes(value: bigint, size: number): Uint8Array {
  return digitsToBytes(value.toString(16).padStart(size * 2, '0'))
}

/** Big-endian; the empty array is zero. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes))
}

function digitsToBytes(digits: string): Uint8Array {
  if (nodeBuffer && digits.length > 64) return new Uint8Array(nodeBuffer.from(digits, 'hex'))
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = (digitAt(digits, 2 * i) << 4) | digitAt(digits, 2 * i + 1)
  return bytes
}

/** Of a hexadecimal digit: '0' to '9' are 0x30 to 0x39, letters 0x41 or 0x61 on. */
function digitAt(digits: string, index: number): number {
  const code = digits.charCodeAt(index)
  return (code & 0xf) + 9 * (code >> 6)
}
