import { modelError } from '../core/errors.ts'

/** One field of a protocol buffer: its bytes, or the number where it is a varint (exact to 2^53). */
export interface ProtobufField {
  field: number
  bytes: Uint8Array | null
  value: number
}

/**
 * The fields of one message, in their order; nothing is copied.
 * @throws CodedError `MODEL_CORRUPT` when the bytes are no protocol buffer
 */
export function* readFields(message: Uint8Array): Generator<ProtobufField> {
  let at = 0
  const readVarint = () => {
    let value = 0
    for (let place = 1; at < message.length && place < 2 ** 70; place *= 128) {
      const byte = message[at++] ?? 0
      value += (byte & 127) * place
      if (byte < 128) return value
    }
    throw corrupt('a number does not end')
  }
  while (at < message.length) {
    const tag = readVarint()
    const field = Math.floor(tag / 8)
    const wireType = tag % 8
    const value = wireType === 0 ? readVarint() : 0
    const size = wireType === 2 ? readVarint() : wireType === 1 ? 8 : wireType === 5 ? 4 : 0
    if (wireType > 5 || wireType === 3 || wireType === 4) throw corrupt('it has an unknown field')
    if (size > message.length - at) throw corrupt('a field goes beyond its end')
    yield { field, bytes: wireType === 2 ? message.subarray(at, at + size) : null, value }
    at += size
  }
}

/** The text of a field; a copy, because text decoders of browsers refuse shared memory. */
export function fieldText(bytes: Uint8Array): string {
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

export function corrupt(what: string): Error {
  return modelError('MODEL_CORRUPT', `This is not an ONNX file: ${what}`)
}
