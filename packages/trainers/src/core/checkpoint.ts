import { canonicalJson } from '@quoin/kernel'
import { z } from 'zod/mini'
import type { Arrays, NumericArray } from './arrays.ts'
import { checksum } from './checksum.ts'
import { trainingError } from './errors.ts'
import type { FitState } from './fit-rounds.ts'
import { type Metrics, metricsSchema } from './metrics/measure.ts'

/**
 * Where a training stands: magic, length of the header, a JSON header, the arrays in its order,
 * little-endian, and a CRC-32 over all that.
 */
const magic = 'quoin-training-1'
const headBytes = magic.length + 4
const tailBytes = 4

export interface Checkpoint {
  /** Of the declaration and of the table that it belongs to. */
  identity: { declaration: string; table: string }
  /** Of the folds that are done. */
  folds: readonly Metrics[]
  /** The fit in progress: a fold's, or the final one's. */
  fit: FitState
}

const arrayTypes = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const

const layout = z.array(
  z.strictObject({
    name: z.string(),
    type: z.enum(['float32', 'float64', 'int32']),
    length: z.int().check(z.gte(0)),
  }),
)
const headerSchema = z.strictObject({
  identity: z.strictObject({ declaration: z.string(), table: z.string() }),
  folds: z.array(metricsSchema),
  curve: z.array(
    z.strictObject({ round: z.int(), train: z.number(), validation: z.nullable(z.number()) }),
  ),
  best: z.nullable(z.strictObject({ round: z.int(), loss: z.number() })),
  isDone: z.boolean(),
  trainer: layout,
  parameters: layout,
})

export function encodeCheckpoint({ identity, folds, fit }: Checkpoint): Uint8Array {
  const parameters = fit.best?.parameters ?? {}
  const header = new TextEncoder().encode(
    canonicalJson({
      identity,
      folds,
      curve: fit.curve,
      best: fit.best && { round: fit.best.round, loss: fit.best.loss },
      isDone: fit.isDone,
      trainer: layoutOf(fit.trainer),
      parameters: layoutOf(parameters),
    }),
  )
  const arrays = [...Object.values(fit.trainer), ...Object.values(parameters)]
  const size = arrays.reduce(
    (sum, { byteLength }) => sum + byteLength,
    headBytes + header.length + tailBytes,
  )
  const bytes = new Uint8Array(size)
  bytes.set(new TextEncoder().encode(magic))
  new DataView(bytes.buffer).setUint32(magic.length, header.length, true)
  bytes.set(header, headBytes)
  let at = headBytes + header.length
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  new DataView(bytes.buffer).setUint32(at, checksum(bytes.subarray(0, at)), true)
  return bytes
}

/** @throws TrainingError `CHECKPOINT_CORRUPT` */
export function decodeCheckpoint(encoded: Uint8Array): Checkpoint {
  if (encoded.length < headBytes + tailBytes) throw corrupt('it is too short')
  // A copy that begins at its buffer's begin, and whose slices are copies too (a Node Buffer's are not).
  const whole = Uint8Array.from(encoded)
  const bytes = whole.slice(0, -tailBytes)
  if (new DataView(whole.buffer).getUint32(bytes.length, true) !== checksum(bytes))
    throw corrupt('its bytes have changed')
  const { header, bodyAt } = readHeader(bytes)
  const { identity, folds, curve, isDone } = header
  const trainer = readArrays(bytes, bodyAt, header.trainer)
  const parameters = readArrays(bytes, trainer.end, header.parameters)
  if (parameters.end !== bytes.length) throw corrupt('it has another length than its header says')
  const best = header.best && { ...header.best, parameters: parameters.arrays }
  return { identity, folds, fit: { curve, best, isDone, trainer: trainer.arrays } }
}

function readHeader(bytes: Uint8Array) {
  const start = new TextDecoder().decode(bytes.subarray(0, magic.length))
  if (start !== magic || bytes.length < headBytes) throw corrupt('it does not begin like one')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bodyAt = headBytes + view.getUint32(magic.length, true)
  if (bodyAt > bytes.length) throw corrupt('it is cut off')
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(headBytes, bodyAt))
    return { header: z.parse(headerSchema, JSON.parse(text)), bodyAt }
  } catch (cause) {
    throw corrupt('its header is not readable', cause)
  }
}

function layoutOf(arrays: Arrays): z.output<typeof layout> {
  return Object.entries(arrays).map(([name, values]) => ({
    name,
    type:
      values instanceof Float32Array
        ? 'float32'
        : values instanceof Float64Array
          ? 'float64'
          : 'int32',
    length: values.length,
  }))
}

function readArrays(bytes: Uint8Array, from: number, entries: z.output<typeof layout>) {
  let end = from
  const arrays: Record<string, NumericArray> = {}
  for (const { name, type, length } of entries) {
    const create = arrayTypes[type]
    const start = end
    end += length * create.BYTES_PER_ELEMENT
    if (end > bytes.length) throw corrupt('it is cut off')
    // A copy: the bytes may begin anywhere, and arrays want to be aligned.
    arrays[name] = new create(bytes.slice(start, end).buffer)
  }
  return { arrays, end }
}

function corrupt(what: string, cause?: unknown): Error {
  return trainingError(
    'CHECKPOINT_CORRUPT',
    `This is not a checkpoint of a training: ${what}. Begin anew, or take an earlier one`,
    { cause },
  )
}
