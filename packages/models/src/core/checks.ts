import type { GenerateRequest, ModelManifest, Tensor } from '../interface.ts'
import { modelError } from './errors.ts'
import { byteSize, elementCount, matchesType } from './tensor.ts'

type TensorSpec = ModelManifest['inputs'][number]

/** @throws CodedError `INPUT_INVALID` or `INPUT_TOO_LARGE`, naming the tensor and what is wanted. */
export function checkInputs(manifest: ModelManifest, inputs: Record<string, Tensor>): void {
  const names = manifest.inputs.map(({ name }) => name)
  for (const name of Object.keys(inputs))
    if (!names.includes(name))
      throw modelError(
        'INPUT_INVALID',
        `${manifest.id} has no input named ${name}: it takes ${names.join(', ')}`,
      )
  let bytes = 0
  for (const spec of manifest.inputs) {
    const tensor = inputs[spec.name]
    if (tensor === undefined)
      throw modelError('INPUT_INVALID', `The input ${spec.name} is missing (${describe(spec)})`)
    checkTensor(spec, tensor)
    checkBatch(manifest, tensor.shape[0] ?? 0)
    bytes += byteSize(tensor.data)
  }
  checkBytes(manifest, bytes)
}

export function checkTexts(manifest: ModelManifest, texts: readonly string[]): void {
  checkBatch(manifest, texts.length)
  checkBytes(
    manifest,
    texts.reduce((sum, text) => sum + utf8Length(text), 0),
  )
}

export function checkGenerateRequest(manifest: ModelManifest, request: GenerateRequest): void {
  const { maxOutputTokens = 1 } = manifest.limits
  if (request.prompt.trim() === '')
    throw modelError('INPUT_INVALID', 'The prompt is empty: give at least one word to go on from')
  checkBytes(manifest, utf8Length(request.prompt))
  checkRange('maxTokens', request.maxTokens, { min: 1, integer: true })
  if (request.maxTokens > maxOutputTokens)
    throw modelError(
      'INPUT_TOO_LARGE',
      `maxTokens is ${request.maxTokens} and ${manifest.id} makes at most ${maxOutputTokens} a call`,
      { detail: { limit: maxOutputTokens } },
    )
  checkRange('temperature', request.temperature, { min: 0, max: 100 })
  checkRange('topK', request.topK, { min: 0, integer: true })
  checkRange('topP', request.topP ?? 1, { min: 0, max: 1 })
  checkRange('seed', request.seed, { min: Number.MIN_SAFE_INTEGER, integer: true })
  if (request.stop.length > 16 || request.stop.some((stop) => stop === '' || stop.length > 256))
    throw modelError('INPUT_INVALID', 'stop takes up to 16 texts of 1 to 256 characters each')
}

function checkTensor(spec: TensorSpec, { type, shape, data }: Tensor): void {
  const fits =
    shape.length === spec.shape.length &&
    shape.every((size, axis) => {
      const wanted = spec.shape[axis]
      return Number.isSafeInteger(size) && size > 0 && (wanted === null || wanted === size)
    })
  const typeFits = type === spec.type || (spec.alternative === type && matchesType(type, data))
  if (!fits || !typeFits)
    throw modelError(
      'INPUT_INVALID',
      `The input ${spec.name} is ${describe({ type, shape })}, and the model takes ${describe(spec)}`,
    )
  if (!matchesType(type, data) || data.length !== elementCount(shape))
    throw modelError(
      'INPUT_INVALID',
      `The input ${spec.name} has ${data.length} elements where ${describe({ type, shape })} has ${elementCount(shape)}`,
    )
}

function checkBatch({ id, limits }: ModelManifest, rows: number): void {
  if (rows === 0) throw modelError('INPUT_INVALID', 'The input is empty: send at least one item')
  if (rows > limits.maxBatch)
    throw modelError(
      'INPUT_TOO_LARGE',
      `${rows} items in one call and ${id} takes ${limits.maxBatch}: send them in several calls`,
      { detail: { limit: limits.maxBatch } },
    )
}

function checkBytes({ id, limits }: ModelManifest, bytes: number): void {
  if (bytes > limits.maxInputBytes)
    throw modelError(
      'INPUT_TOO_LARGE',
      `${bytes} bytes of input and ${id} takes ${limits.maxInputBytes} a call`,
      { detail: { bytes, limit: limits.maxInputBytes } },
    )
}

interface Range {
  min: number
  max?: number
  integer?: boolean
}

function checkRange(
  name: string,
  value: number,
  { min, max = Number.MAX_SAFE_INTEGER, integer = false }: Range,
): void {
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return
  const kind = integer ? 'a whole number' : 'a number'
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`
  throw modelError('INPUT_INVALID', `${name} is ${value}; it must be ${kind} ${range}`)
}

function describe({ type, shape }: { type: string; shape: readonly (number | null)[] }): string {
  return `${type} [${shape.map((size) => size ?? 'any').join(', ')}]`
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
