import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { networkError } from '../errors.ts'

/** Raised when peers of two versions could no longer understand each other. */
export const protocolVersion = 1

/** Peer records in one message. */
export const maxRecordsTold = 32

/** No control message is longer. */
export const maxControlBytes = 40_960

export const refusals = ['version', 'chain', 'full', 'banned', 'duplicate', 'closing'] as const
/** Why a peer is sent away. */
export type Refusal = (typeof refusals)[number]

/** What peers say on the control stream, one message a frame: a type byte, then fixed fields. */
export type ControlMessage =
  | { readonly type: 'hello'; readonly version: number; readonly chain: Hex }
  | { readonly type: 'refuse'; readonly reason: Refusal }
  | { readonly type: 'ping'; readonly nonce: number }
  | { readonly type: 'pong'; readonly nonce: number }
  | { readonly type: 'ask-records' }
  | { readonly type: 'records'; readonly records: readonly Uint8Array[] }

export function encodeControl(message: ControlMessage): Uint8Array {
  switch (message.type) {
    case 'hello': {
      const bytes = new Uint8Array(35)
      new DataView(bytes.buffer).setUint16(1, message.version)
      bytes.set(hexToBytes(message.chain), 3)
      return bytes
    }
    case 'refuse':
      return Uint8Array.of(1, refusals.indexOf(message.reason))
    case 'ping':
    case 'pong': {
      const bytes = new Uint8Array(5)
      bytes[0] = message.type === 'ping' ? 2 : 3
      new DataView(bytes.buffer).setUint32(1, message.nonce)
      return bytes
    }
    case 'ask-records':
      return Uint8Array.of(4)
    case 'records':
      return encodeRecords(message.records)
  }
}

function encodeRecords(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + 2 + length, 1))
  const view = new DataView(bytes.buffer)
  bytes[0] = 5
  let at = 1
  for (const record of records) {
    view.setUint16(at, record.length)
    bytes.set(record, at + 2)
    at += 2 + record.length
  }
  return bytes
}

function decodeRecords(view: DataView): readonly Uint8Array[] | undefined {
  const records: Uint8Array[] = []
  let at = 1
  while (at < view.byteLength) {
    if (at + 2 > view.byteLength || records.length === maxRecordsTold) return undefined
    const length = view.getUint16(at)
    if (at + 2 + length > view.byteLength) return undefined
    records.push(new Uint8Array(view.buffer, view.byteOffset + at + 2, length))
    at += 2 + length
  }
  return records
}

/** Throws FRAME_MALFORMED on anything but exactly one message. */
export function decodeControl(bytes: Uint8Array): ControlMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (bytes[0]) {
    case 0:
      if (bytes.length !== 35) break
      return { type: 'hello', version: view.getUint16(1), chain: bytesToHex(bytes.subarray(3)) }
    case 1: {
      const reason = bytes.length === 2 ? refusals[view.getUint8(1)] : undefined
      if (reason === undefined) break
      return { type: 'refuse', reason }
    }
    case 2:
    case 3:
      if (bytes.length !== 5) break
      return { type: bytes[0] === 2 ? 'ping' : 'pong', nonce: view.getUint32(1) }
    case 4:
      if (bytes.length !== 1) break
      return { type: 'ask-records' }
    case 5: {
      const records = decodeRecords(view)
      if (records === undefined) break
      return { type: 'records', records }
    }
  }
  throw networkError('FRAME_MALFORMED', 'A control message is none of the known ones.', {
    detail: { type: bytes[0] ?? null, length: bytes.length },
  })
}
