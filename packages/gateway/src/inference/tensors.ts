import type { ModelManifest, Tensor, TensorSpec, TensorType } from '@quoin/models'
import { z } from 'zod'
import { gatewayError } from '../errors.ts'

/** Open Inference's names of the tensor types that models here have. */
const datatypes = {
  float32: 'FP32',
  float64: 'FP64',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  bool: 'BOOL',
  string: 'BYTES',
} as const satisfies Record<TensorType, string>

export function typeToDatatype(type: TensorType): (typeof datatypes)[TensorType] {
  return datatypes[type]
}

/** Integers that JSON numbers cannot hold may be written as decimal text. */
export const TensorJson = z
  .object({
    name: z.string(),
    datatype: z
      .string()
      .describe('FP32, FP64, INT32, INT64, UINT8, BOOL or BYTES (texts), as the model says'),
    shape: z.array(z.int().nonnegative()),
    data: z.array(z.unknown()).describe('Row-major, flat or nested'),
  })
  .meta({ id: 'InferenceTensor' })

/**
 * Every input the model declares, by name, checked against its declaration.
 * @throws CodedError `REQUEST_INVALID` that names the input
 */
export function parseInputs(
  manifest: ModelManifest,
  sent: z.output<typeof TensorJson>[],
): Record<string, Tensor> {
  const byName = new Map(sent.map((tensor) => [tensor.name, tensor]))
  const unknown = sent.find(({ name }) => !manifest.inputs.some((spec) => spec.name === name))
  if (unknown || byName.size < sent.length)
    throw wrong(
      unknown?.name ?? 'inputs',
      `expected each of ${manifest.inputs.map(({ name }) => name).join(', ')} once`,
    )
  const tensors: Record<string, Tensor> = {}
  for (const spec of manifest.inputs) {
    const tensor = byName.get(spec.name)
    if (!tensor) throw wrong(spec.name, 'is missing')
    tensors[spec.name] = parseTensor(spec, tensor)
  }
  return tensors
}

function parseTensor(spec: TensorSpec, sent: z.output<typeof TensorJson>): Tensor {
  const { name, shape } = sent
  const type = findType(spec, sent.datatype)
  const fits =
    shape.length === spec.shape.length &&
    spec.shape.every((size, axis) => size === null || size === shape[axis])
  if (!fits) throw wrong(name, `has the shape [${shape}], expected [${showShape(spec.shape)}]`)
  const flat = sent.data.flat(shape.length)
  const size = shape.reduce((product, side) => product * side, 1)
  if (flat.length !== size)
    throw wrong(name, `has ${flat.length} elements; its shape [${shape}] has ${size}`)
  return { type, shape, data: parseElements(type, flat, name) }
}

/** The declared type or its alternative, whichever the datatype names. */
function findType({ name, type, alternative }: TensorSpec, datatype: string): TensorType {
  const types = alternative === undefined ? [type] : [type, alternative]
  const found = types.find((one) => typeToDatatype(one) === datatype)
  if (found) return found
  throw wrong(name, `is ${types.map(typeToDatatype).join(' or ')}, not ${datatype}`)
}

function parseElements(type: TensorType, flat: unknown[], name: string): Tensor['data'] {
  const read = (test: (value: unknown) => value is number, what: string) =>
    flat.map((value, at) => {
      if (test(value)) return value
      throw wrong(name, `element ${at} is not ${what}`)
    })
  switch (type) {
    case 'float32':
      return Float32Array.from(read(isFloat32, 'a number that 32 bits can hold'))
    case 'float64':
      // JSON has no NaN: null stands for a missing value.
      return Float64Array.from(flat, (value, at) => {
        if (value === null) return Number.NaN
        if (typeof value === 'number' && Number.isFinite(value)) return value
        throw wrong(name, `element ${at} is not a number (null for a missing one)`)
      })
    case 'string':
      return flat.map((value, at) => {
        if (typeof value === 'string') return value
        throw wrong(name, `element ${at} is not a text`)
      })
    case 'int32':
      return Int32Array.from(read(isIntegerIn(-(2 ** 31), 2 ** 31 - 1), 'a 32-bit integer'))
    case 'uint8':
      return Uint8Array.from(read(isIntegerIn(0, 255), 'an integer from 0 to 255'))
    case 'bool':
      return Uint8Array.from(flat, (value, at) => {
        if (typeof value === 'boolean') return value ? 1 : 0
        throw wrong(name, `element ${at} is not true or false`)
      })
    case 'int64':
      return BigInt64Array.from(flat, (value, at) => parseInt64(value, `${name}, element ${at}`))
  }
}

function parseInt64(value: unknown, where: string): bigint {
  const isWhole =
    Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,19}$/.test(value))
  if (isWhole && (typeof value === 'number' || typeof value === 'string')) {
    const whole = BigInt(value)
    if (BigInt.asIntN(64, whole) === whole) return whole
  }
  throw wrong(where, 'is not a 64-bit integer (write large ones as decimal text)')
}

function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value))
}

function isIntegerIn(least: number, most: number): (value: unknown) => value is number {
  return (value): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** -1 for an open side, as Open Inference writes it. */
export function shapeToJson(shape: (number | null)[]): number[] {
  return shape.map((side) => side ?? -1)
}

function showShape(shape: (number | null)[]): string {
  return shapeToJson(shape).join(',')
}

/**
 * A tensor as JSON text. 64-bit integers keep all their digits.
 * @throws CodedError `OUTPUT_NOT_JSON` for numbers that JSON has not (infinite, not a number)
 */
export function tensorToJsonText(name: string, tensor: Tensor): string {
  const { type, shape, data } = tensor
  if (isFloats(data) && !data.every((value: number) => Number.isFinite(value)))
    throw gatewayError('OUTPUT_NOT_JSON', `${name} has numbers that JSON cannot carry`)
  const head = JSON.stringify({ name, datatype: typeToDatatype(type), shape })
  return `${head.slice(0, -1)},"data":[${elementTexts(tensor)}]}`
}

function isFloats(data: Tensor['data']): data is Float32Array | Float64Array {
  return data instanceof Float32Array || data instanceof Float64Array
}

function elementTexts({ type, data }: Tensor): string {
  if (Array.isArray(data)) return data.map((text) => JSON.stringify(text)).join(',')
  return type === 'bool'
    ? Array.from<number | bigint, boolean>(data, Boolean).join(',')
    : data.join(',')
}

function wrong(name: string, what: string): Error {
  return gatewayError('REQUEST_INVALID', `${name}: ${what}`, { param: name })
}
