import { ArtifactError } from '../errors.ts'
import { encodeVarint } from './varint.ts'

/** The `Data` message inside a dag-pb node (https://specs.ipfs.tech/unixfs/#data-field), decoded. */
export type UnixfsData = {
  type: number
  data: Uint8Array
  fileSize: number
  blockSizes: number[]
  hashType: number
  fanout: number
}

export const unixfsType = Object.freeze({
  raw: 0,
  directory: 1,
  file: 2,
  symlink: 4,
  shard: 5,
})

type Fields = { type: number; data?: Uint8Array; fileSize?: number; blockSizes?: readonly number[] }

/** Protobuf encoding in field order, numbers as varints, `blockSizes` unpacked: what other tools write. */
export function encodeUnixfsData(
  { type, data, fileSize, blockSizes = [] }: Fields,
  shard?: { hashType: number; fanout: number },
): Uint8Array {
  const out = [0x08, ...encodeVarint(type)]
  const tail: number[] = []
  if (fileSize !== undefined) pushField(tail, 0x18, fileSize)
  for (const size of blockSizes) pushField(tail, 0x20, size)
  if (shard) {
    pushField(tail, 0x28, shard.hashType)
    pushField(tail, 0x30, shard.fanout)
  }
  if (!data) return Uint8Array.from([...out, ...tail])
  pushField(out, 0x12, data.length)
  return Uint8Array.from([...out, ...data, ...tail])
}

/** @throws ArtifactError `INVALID_NODE` for anything that is not a well-formed message. */
export function decodeUnixfsData(bytes: Uint8Array): UnixfsData {
  const reader = new FieldReader(bytes)
  const result: UnixfsData = {
    type: -1,
    data: new Uint8Array(0),
    fileSize: 0,
    blockSizes: [],
    hashType: 0,
    fanout: 0,
  }
  while (!reader.isAtEnd()) readField(reader, result)
  return result
}

function readField(reader: FieldReader, into: UnixfsData): void {
  const tag = reader.varint()
  if (tag === 0x08) into.type = reader.varint()
  else if (tag === 0x12) into.data = reader.bytes()
  else if (tag === 0x18) into.fileSize = reader.varint()
  else if (tag === 0x20) into.blockSizes.push(reader.varint())
  else if (tag === 0x22) reader.packed(into.blockSizes)
  else if (tag === 0x28) into.hashType = reader.varint()
  else if (tag === 0x30) into.fanout = reader.varint()
  else reader.skip(tag & 7)
}

class FieldReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw malformed('a number is cut off')
      value += (byte & 0x7f) * factor
      if (!Number.isSafeInteger(value)) throw malformed('a number is beyond 2^53')
      if (byte < 0x80) return value
      factor *= 128
    }
  }

  bytes(): Uint8Array {
    const length = this.varint()
    const end = this.#at + length
    if (end > this.#bytes.length) throw malformed('a field is cut off')
    const slice = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return slice
  }

  packed(into: number[]): void {
    const inner = new FieldReader(this.bytes())
    while (!inner.isAtEnd()) into.push(inner.varint())
  }

  /** Mode and time, which other tools may have written, do not matter here. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 2) this.bytes()
    else if (wireType === 5) this.#at += 4
    else if (wireType === 1) this.#at += 8
    else throw malformed(`wire type ${wireType}`)
    if (this.#at > this.#bytes.length) throw malformed('a field is cut off')
  }
}

function pushField(out: number[], tag: number, value: number): void {
  out.push(tag, ...encodeVarint(value))
}

function malformed(what: string): ArtifactError {
  return new ArtifactError('INVALID_NODE', `Malformed UnixFS data: ${what}`)
}
