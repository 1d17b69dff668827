import type { Tensor, TensorType } from '../interface.ts'

export type TensorData = Tensor['data']

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function createTensor(type: TensorType, shape: number[]): Tensor {
  const count = elementCount(shape)
  switch (type) {
    case 'float32':
      return { type, shape, data: new Float32Array(count) }
    case 'float64':
      return { type, shape, data: new Float64Array(count) }
    case 'string':
      return { type, shape, data: new Array<string>(count).fill('') }
    case 'int32':
      return { type, shape, data: new Int32Array(count) }
    case 'int64':
      return { type, shape, data: new BigInt64Array(count) }
    case 'uint8':
    case 'bool':
      return { type, shape, data: new Uint8Array(count) }
  }
}

/** Whether `data` is the typed array that `type` wants (bool is one byte an element). */
export function matchesType(type: TensorType, data: TensorData): boolean {
  switch (type) {
    case 'float32':
      return data instanceof Float32Array
    case 'float64':
      return data instanceof Float64Array
    case 'string':
      return Array.isArray(data) && data.every((item) => typeof item === 'string')
    case 'int32':
      return data instanceof Int32Array
    case 'int64':
      return data instanceof BigInt64Array
    case 'uint8':
    case 'bool':
      return data instanceof Uint8Array
  }
}

/** The memory of a tensor's elements; texts count with their UTF-8 length. */
export function byteSize(data: TensorData): number {
  if (!Array.isArray(data)) return data.byteLength
  const encoder = new TextEncoder()
  return data.reduce((sum, text) => sum + encoder.encode(text).length, 0)
}

/** Rows `from` to `to` (first axis): a view on the same memory, except for texts. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const [, ...rest] = tensor.shape
  const rowSize = elementCount(rest)
  const [start, end] = [from * rowSize, to * rowSize]
  const data = Array.isArray(tensor.data)
    ? tensor.data.slice(start, end)
    : tensor.data.subarray(start, end)
  return { type: tensor.type, shape: [to - from, ...rest], data }
}

/** Joins tensors of one type and one row shape along the first axis. */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors
  if (first === undefined) throw new RangeError('concatRows needs at least one tensor')
  if (tensors.length === 1) return first
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0)
  const joined = createTensor(first.type, [rows, ...first.shape.slice(1)])
  let offset = 0
  for (const { data } of tensors) {
    setData(joined.data, data, offset)
    offset += data.length
  }
  return joined
}

function setData(target: TensorData, source: TensorData, offset: number): void {
  if (Array.isArray(target)) {
    if (Array.isArray(source)) for (const text of source) target[offset++] = text
  } else if (target instanceof BigInt64Array) {
    if (source instanceof BigInt64Array) target.set(source, offset)
  } else if (!Array.isArray(source) && !(source instanceof BigInt64Array))
    target.set(source, offset)
}
