import type { Hex } from '@quoin/kernel'

/** Conversions on the hot path, by Node's Buffer. Inputs are trusted: callers check what came from outside. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${asBuffer(bytes).hexSlice(0, bytes.length)}`
}

export function fromHex(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex')
}

/** Big-endian without leading zeros; zero is the empty array, as RLP wants it. */
export function toMinimalBytes(value: bigint): Uint8Array {
  if (value === 0n) return empty
  if (value <= 0xffffffffffffn) {
    const small = Number(value)
    const size = small < 0x100 ? 1 : small < 0x10000 ? 2 : small < 0x1000000 ? 3 : 6
    const bytes = Buffer.allocUnsafe(size)
    bytes.writeUIntBE(small, 0, size)
    let skip = 0
    while (bytes[skip] === 0) skip++
    return skip === 0 ? bytes : bytes.subarray(skip)
  }
  const digits = value.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

export function toBigint(bytes: Uint8Array): bigint {
  const { length } = bytes
  if (length === 0) return 0n
  if (length <= 6) return BigInt(asBuffer(bytes).readUIntBE(0, length))
  return BigInt(`0x${asBuffer(bytes).hexSlice(0, length)}`)
}

/** Left-padded with zeros to `size` bytes. */
export function padLeft(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes
  const padded = new Uint8Array(size)
  padded.set(bytes, size - bytes.length)
  return padded
}

export function toWord(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}

export const empty = new Uint8Array(0)
export const zeroHash: Hex = `0x${'00'.repeat(32)}`
export const zeroAddress: Hex = `0x${'00'.repeat(20)}`

interface FastBuffer extends Buffer {
  hexSlice(start: number, end: number): string
}

function asBuffer(bytes: Uint8Array): FastBuffer {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer as FastBuffer
}
