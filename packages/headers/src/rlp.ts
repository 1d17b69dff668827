import { bytesToHex, CodedError, type Hex, hexToBytes } from '@quoin/kernel'

/** What our encodings are made of before RLP: byte strings and lists of them. */
export type RlpItem = Uint8Array | RlpItem[]

/** An item that is encoded already, to be put into a list as it is. */
export class EncodedRlp {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** An item, parts of which may be encoded already. */
export type RlpInput = Uint8Array | EncodedRlp | RlpInput[]

export function encodeRlp(item: RlpInput): Uint8Array {
  const pieces: Uint8Array[] = []
  const bytes = new Uint8Array(collect(item, pieces))
  let end = bytes.length
  for (const piece of pieces) {
    end -= piece.length
    bytes.set(piece, end)
  }
  return bytes
}

/** Collects an encoding from its end to its beginning, so that a list's length is known; gives its size. */
function collect(item: RlpInput, pieces: Uint8Array[]): number {
  if (item instanceof EncodedRlp) return push(item.bytes, pieces)
  if (item instanceof Uint8Array) {
    const size = push(item, pieces)
    const isBare = item.length === 1 && (item[0] ?? 0) < 0x80
    return isBare ? size : size + push(prefix(0x80, size), pieces)
  }
  let size = 0
  for (let index = item.length - 1; index >= 0; index--) {
    const part = item[index]
    if (part !== undefined) size += collect(part, pieces)
  }
  return size + push(prefix(0xc0, size), pieces)
}

function push(piece: Uint8Array, pieces: Uint8Array[]): number {
  pieces.push(piece)
  return piece.length
}

function prefix(offset: number, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(offset + length)
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Uint8Array.of(offset + 55 + digits.length, ...digits)
}

/** No encoding of ours nests lists deeper. */
const maxDepth = 8

/**
 * An item costs more than a hundred bytes of memory, however small it is: eight megabytes of single bytes
 * would take a gigabyte. Nothing of ours has more items than these, and one in so many bytes on top.
 */
const freeItems = 32_768
const bytesPerItem = 32

interface Reading {
  bytes: Uint8Array
  itemsLeft: number
}

/**
 * Reads exactly one canonical item. Time and memory are linear in the bytes, whatever they say: strings
 * are views of `bytes`, and what is nested deeper or chopped finer than any encoding of ours is refused.
 * @throws CodedError `INVALID_ENCODING`
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const reading = { bytes, itemsLeft: freeItems + Math.floor(bytes.length / bytesPerItem) }
  const { item, end } = readItem(reading, 0, bytes.length, 0)
  if (end !== bytes.length) throw invalid('something follows it')
  return item
}

function readItem(
  reading: Reading,
  start: number,
  limit: number,
  depth: number,
): { item: RlpItem; end: number } {
  const { bytes } = reading
  const first = bytes[start]
  if (first === undefined || start >= limit) throw invalid('it ends too early')
  if (--reading.itemsLeft < 0) throw invalid('it has too many items for its size')
  if (first < 0x80) return { item: bytes.subarray(start, start + 1), end: start + 1 }
  const isList = first >= 0xc0
  const { from, length } = readLength(bytes, start, first - (isList ? 0xc0 : 0x80))
  const end = from + length
  if (end > limit) throw invalid('a length goes beyond the end')
  if (isList) return { item: readItems(reading, from, end, depth + 1), end }
  if (length === 1 && (bytes[from] ?? 0) < 0x80) throw invalid('a byte is written as a string')
  return { item: bytes.subarray(from, end), end }
}

function readItems(reading: Reading, from: number, end: number, depth: number): RlpItem[] {
  if (depth > maxDepth) throw invalid('lists are nested too deep')
  const items: RlpItem[] = []
  for (let at = from; at < end; ) {
    const next = readItem(reading, at, end, depth)
    items.push(next.item)
    at = next.end
  }
  return items
}

/** `code` is the first byte less 0x80 or 0xc0: the length up to 55, else 55 + the length of the length. */
function readLength(
  bytes: Uint8Array,
  start: number,
  code: number,
): { from: number; length: number } {
  if (code <= 55) return { from: start + 1, length: code }
  const size = code - 55
  if (size > 4 || bytes[start + 1] === 0) throw invalid('a length is not canonical')
  let length = 0
  for (let index = 1; index <= size; index++) length = length * 256 + (bytes[start + index] ?? 0)
  if (length <= 55) throw invalid('a length is not canonical')
  return { from: start + 1 + size, length }
}

function invalid(why: string): CodedError<'INVALID_ENCODING'> {
  return new CodedError('INVALID_ENCODING', `The bytes are not canonical RLP: ${why}`)
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
  if (item instanceof Uint8Array && item.length > 32)
    throw new CodedError('INVALID_ENCODING', `${what} is too large`)
  const hex = toHex(item, what)
  if (hex.startsWith('0x00'))
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
