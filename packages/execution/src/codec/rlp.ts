import { CodedError } from '@quoin/kernel'

/** Recursive Length Prefix (Yellow Paper, appendix B): byte strings and lists of them. */
export type Rlp = Uint8Array | readonly Rlp[]

export function encodeRlp(item: Rlp): Uint8Array {
  const out = Buffer.allocUnsafe(encodedLength(item))
  write(item, out, 0)
  return out
}

/**
 * Strict: only canonical encodings, nothing after the item.
 * Byte strings are views into `bytes`.
 * @throws CodedError INVALID_RLP
 */
export function decodeRlp(bytes: Uint8Array): Rlp {
  const { item, end } = read(bytes, 0)
  if (end !== bytes.length) throw invalid('bytes follow the item')
  return item
}

/** @throws CodedError INVALID_RLP when the item is a byte string */
export function decodeRlpList(bytes: Uint8Array): readonly Rlp[] {
  return asList(decodeRlp(bytes))
}

export function asBytes(item: Rlp | undefined): Uint8Array {
  if (item instanceof Uint8Array) return item
  throw invalid('a byte string was expected')
}

export function asList(item: Rlp | undefined): readonly Rlp[] {
  if (item === undefined || item instanceof Uint8Array) throw invalid('a list was expected')
  return item
}

/** Where each item of the list that `bytes` hold begins, and where the last one ends. */
export function itemOffsets(bytes: Uint8Array): number[] {
  const list = header(bytes, 0)
  if (!list.isList) throw invalid('a list was expected')
  const offsets = []
  let position = list.start
  while (position < list.end) {
    offsets.push(position)
    position = header(bytes, position).end
  }
  offsets.push(position)
  return offsets
}

/** The list whose items are already encoded. */
export function wrapList(encodedItems: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const item of encodedItems) length += item.length
  const out = Buffer.allocUnsafe(length + prefixLength(length))
  let position = writePrefix(out, 0, 0xc0, length)
  for (const item of encodedItems) {
    out.set(item, position)
    position += item.length
  }
  return out
}

function payloadLength(list: readonly Rlp[]): number {
  let length = 0
  for (const item of list) length += encodedLength(item)
  return length
}

function encodedLength(item: Rlp): number {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && (item[0] ?? 0) < 0x80) return 1
    return item.length + prefixLength(item.length)
  }
  const length = payloadLength(item)
  return length + prefixLength(length)
}

function prefixLength(length: number): number {
  if (length < 56) return 1
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5
}

function write(item: Rlp, out: Buffer, at: number): number {
  if (item instanceof Uint8Array) {
    const first = item[0] ?? 0
    if (item.length === 1 && first < 0x80) {
      out[at] = first
      return at + 1
    }
    const position = writePrefix(out, at, 0x80, item.length)
    out.set(item, position)
    return position + item.length
  }
  let position = writePrefix(out, at, 0xc0, payloadLength(item))
  for (const child of item) position = write(child, out, position)
  return position
}

function writePrefix(out: Buffer, at: number, base: number, length: number): number {
  if (length < 56) {
    out[at] = base + length
    return at + 1
  }
  const size = prefixLength(length) - 1
  out[at] = base + 55 + size
  out.writeUIntBE(length, at + 1, size)
  return at + 1 + size
}

function read(bytes: Uint8Array, at: number): { item: Rlp; end: number } {
  const { isList, start, end } = header(bytes, at)
  if (!isList) return { item: bytes.subarray(start, end), end }
  const items: Rlp[] = []
  let position = start
  while (position < end) {
    const child = read(bytes, position)
    if (child.end > end) throw invalid('an item is longer than its list')
    items.push(child.item)
    position = child.end
  }
  return { item: items, end }
}

function header(bytes: Uint8Array, at: number): { isList: boolean; start: number; end: number } {
  const first = bytes[at]
  if (first === undefined) throw invalid('the input ends early')
  if (first < 0x80) return { isList: false, start: at, end: at + 1 }
  const isList = first >= 0xc0
  const short = first - (isList ? 0xc0 : 0x80)
  let start = at + 1
  let length = short
  if (short > 55) {
    const size = short - 55
    length = 0
    for (let i = 0; i < size; i++) length = length * 256 + (bytes[start + i] ?? 0)
    if (length < 56 || bytes[start] === 0) throw invalid('a length is not canonical')
    start += size
  }
  const end = start + length
  if (end > bytes.length) throw invalid('the input ends early')
  if (!isList && length === 1 && (bytes[start] ?? 0) < 0x80)
    throw invalid('a byte is not canonical')
  return { isList, start, end }
}

function invalid(reason: string): CodedError {
  return new CodedError('INVALID_RLP', `rlp: ${reason}`)
}
