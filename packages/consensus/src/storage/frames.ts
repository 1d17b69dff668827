import { crc32 } from 'node:zlib'
import { CodedError } from '@quoin/kernel'

/**
 * A log file is a row of frames, one per flush: length of the body, checksum of the length, checksum
 * of the body (CRC-32, all big-endian, 4 bytes each), body. A body is a row of records, each behind
 * its length. Every frame is on the disk before the next is begun, so a crash can damage the last
 * one only: damage anywhere else is not a crash, and is refused.
 */
const headerBytes = 12

export function encodeFrame(records: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(records.flatMap((record) => [uint32(record.length), record]))
  const length = uint32(body.length)
  return Buffer.concat([length, uint32(crc32(length)), uint32(crc32(body)), body])
}

/**
 * All records of whole frames, and where the last whole frame ends.
 * @throws CodedError `LOG_CORRUPT` when something follows a damaged frame.
 */
export function readFrames(bytes: Buffer, path: string): { records: Uint8Array[]; end: number } {
  const records: Uint8Array[] = []
  let offset = 0
  while (offset < bytes.length) {
    const frame = readFrame(bytes, offset)
    if (!frame) {
      if (isTornTail(bytes, offset)) break
      throw new CodedError(
        'LOG_CORRUPT',
        `${path} is damaged at byte ${offset}, before its end. A log or evidence can be moved away, its sign guard stands for it; a sign guard cannot: without it this validator can sign two different blocks`,
        { detail: { path, offset } },
      )
    }
    records.push(...splitRecords(frame.body))
    offset = frame.end
  }
  return { records, end: offset }
}

function readFrame(bytes: Buffer, offset: number): { body: Buffer; end: number } | null {
  const length = readLength(bytes, offset)
  if (length === null) return null
  const end = offset + headerBytes + length
  if (end > bytes.length) return null
  const body = bytes.subarray(offset + headerBytes, end)
  return crc32(body) === bytes.readUInt32BE(offset + 8) ? { body, end } : null
}

function readLength(bytes: Buffer, offset: number): number | null {
  if (offset + headerBytes > bytes.length) return null
  const length = bytes.subarray(offset, offset + 4)
  return crc32(length) === bytes.readUInt32BE(offset + 4) ? length.readUInt32BE() : null
}

/** The damaged frame is the last one: it reaches the end, or nothing whole stands behind it. */
function isTornTail(bytes: Buffer, offset: number): boolean {
  const length = readLength(bytes, offset)
  if (length !== null) return offset + headerBytes + length >= bytes.length
  for (let next = offset + 1; next + headerBytes <= bytes.length; next++)
    if (readFrame(bytes, next)) return false
  return true
}

function splitRecords(body: Buffer): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let offset = 0; offset < body.length; ) {
    const length = body.readUInt32BE(offset)
    records.push(new Uint8Array(body.subarray(offset + 4, offset + 4 + length)))
    offset += 4 + length
  }
  return records
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
