import { modelError } from '../core/errors.ts'

const maxEntries = 1_000

/**
 * The facts in an ONNX file (ModelProto.metadata_props, field 14), found without reading the graph.
 * @throws CodedError `MODEL_CORRUPT` when the bytes are no protocol buffer
 */
export function readMetadata(model: Uint8Array): ReadonlyMap<string, string> {
  const entries = new Map<string, string>()
  for (const { field, bytes } of readFields(model)) {
    if (field !== 14 || bytes === null) continue
    if (entries.size >= maxEntries) throw corrupt('it has too many facts')
    const texts = new Map<number, string>()
    // A copy, because text decoders of browsers refuse shared memory.
    for (const part of readFields(bytes))
      if (part.bytes) texts.set(part.field, new TextDecoder().decode(Uint8Array.from(part.bytes)))
    entries.set(texts.get(1) ?? '', texts.get(2) ?? '')
  }
  return entries
}

/** The fields of one message; `bytes` is null for numbers. */
function* readFields(message: Uint8Array): Generator<{ field: number; bytes: Uint8Array | null }> {
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
    if (wireType === 0) readVarint()
    const size = wireType === 2 ? readVarint() : wireType === 1 ? 8 : wireType === 5 ? 4 : 0
    if (wireType > 5 || wireType === 3 || wireType === 4) throw corrupt('it has an unknown field')
    if (size > message.length - at) throw corrupt('a field goes beyond its end')
    yield { field, bytes: wireType === 2 ? message.subarray(at, at + size) : null }
    at += size
  }
}

function corrupt(what: string): Error {
  return modelError('MODEL_CORRUPT', `This is not an ONNX file: ${what}`)
}
