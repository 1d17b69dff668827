import { corrupt, fieldText, readFields } from './read-fields.ts'

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
    for (const part of readFields(bytes))
      if (part.bytes) texts.set(part.field, fieldText(part.bytes))
    entries.set(texts.get(1) ?? '', texts.get(2) ?? '')
  }
  return entries
}
