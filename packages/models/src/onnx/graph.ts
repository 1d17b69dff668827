import { ProtobufMessage } from './protobuf.ts'

/** Field numbers and enum values are those of onnx.proto3 (github.com/onnx/onnx, Apache-2.0). */
const elementTypes = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
} as const

type ElementType = keyof typeof elementTypes
/** A number, or the name of a dimension that is known at run time only. */
type Dimension = number | string
/** Plain numbers are integers; texts and fractions say what they are where ONNX tells them apart. */
type Attribute =
  | number
  | string
  | readonly number[]
  | { float: number }
  | { floats: ArrayLike<number> }
  | { strings: readonly string[] }
type Attributes = Readonly<Record<string, Attribute>>

/** Names of values; operators take and give them. */
export type ValueName = string

/** Operators with this prefix are those of ONNX's classical models: `ai.onnx.ml/LabelEncoder`. */
const mlDomain = 'ai.onnx.ml'

/**
 * Builds an ONNX model (IR 8, opset 17): call `input`, constants, `node` and `output`, then `encode`.
 * The same calls always give the same bytes, so a converted model has a content identifier.
 */
export class OnnxGraph {
  readonly #name: string
  readonly #nodes: ProtobufMessage[] = []
  readonly #initializers: ProtobufMessage[] = []
  readonly #inputs: ProtobufMessage[] = []
  readonly #outputs: ProtobufMessage[] = []
  readonly #metadata: ProtobufMessage[] = []
  readonly #inputNames = new Set<string>()
  #usesMl = false
  #count = 0

  constructor(name: string) {
    this.#name = name
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): ValueName {
    this.#inputNames.add(name)
    this.#inputs.push(valueInfo(name, type, shape))
    return name
  }

  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, type, shape))
  }

  /** A constant; `data` holds the little-endian elements in row-major order. */
  constant(type: ElementType, shape: readonly number[], data: ArrayBufferView): ValueName {
    const name = this.#freshName('constant')
    const tensor = new ProtobufMessage()
    for (const size of shape) tensor.int(1, size)
    tensor
      .int(2, elementTypes[type])
      .string(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.#initializers.push(tensor)
    return name
  }

  /** A constant of texts. */
  strings(values: readonly string[]): ValueName {
    const name = this.#freshName('constant')
    const tensor = new ProtobufMessage().int(1, values.length).int(2, elementTypes.string)
    for (const value of values) tensor.string(6, value)
    this.#initializers.push(tensor.string(8, name))
    return name
  }

  float32(data: readonly number[] | Float32Array, shape: readonly number[]): ValueName {
    return this.constant(
      'float32',
      shape,
      data instanceof Float32Array ? data : Float32Array.from(data),
    )
  }

  /** A list of integers, as Reshape, Slice, Unsqueeze and their like take. */
  int64(...values: number[]): ValueName {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt))
  }

  /** Adds an operator with one output and returns the output's name. */
  node(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Attributes = {},
    output = this.#freshName('value'),
  ): ValueName {
    this.nodes(operator, inputs, attributes, [output])
    return output
  }

  /** Adds an operator with several outputs. */
  nodes(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Attributes,
    outputs: readonly ValueName[],
  ): void {
    const node = new ProtobufMessage()
    for (const name of inputs) node.string(1, name)
    for (const name of outputs) node.string(2, name)
    const isMl = operator.startsWith(`${mlDomain}/`)
    const type = isMl ? operator.slice(mlDomain.length + 1) : operator
    node.string(3, `${type}${this.#count++}`).string(4, type)
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value))
    if (isMl) node.string(7, mlDomain)
    this.#usesMl ||= isMl
    this.#nodes.push(node)
  }

  /** A fact that travels in the file (ModelProto.metadata_props). */
  metadata(key: string, value: string): void {
    this.#metadata.push(new ProtobufMessage().string(1, key).string(2, value))
  }

  /** Inputs may have any name, even one like ours. */
  #freshName(kind: string): string {
    for (;;) {
      const name = `${kind}${this.#count++}`
      if (!this.#inputNames.has(name)) return name
    }
  }

  encode(): Uint8Array<ArrayBuffer> {
    const graph = new ProtobufMessage()
    for (const node of this.#nodes) graph.message(1, node)
    graph.string(2, this.#name)
    for (const initializer of this.#initializers) graph.message(5, initializer)
    for (const input of this.#inputs) graph.message(11, input)
    for (const output of this.#outputs) graph.message(12, output)
    const model = new ProtobufMessage()
      .int(1, 8)
      .string(2, 'quoin')
      .message(7, graph)
      .message(8, new ProtobufMessage().string(1, '').int(2, 17))
    if (this.#usesMl) model.message(8, new ProtobufMessage().string(1, mlDomain).int(2, 3))
    for (const entry of this.#metadata) model.message(14, entry)
    return model.encode()
  }
}

function attribute(name: string, value: Attribute): ProtobufMessage {
  const message = new ProtobufMessage().string(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, 2)
  if (typeof value === 'string') return message.string(4, value).int(20, 3)
  if ('float' in value) return message.float(2, value.float).int(20, 1)
  if ('floats' in value) {
    for (let index = 0; index < value.floats.length; index++)
      message.float(7, value.floats[index] ?? 0)
    return message.int(20, 6)
  }
  if ('strings' in value) {
    for (const item of value.strings) message.string(9, item)
    return message.int(20, 8)
  }
  for (const item of value) message.int(8, item)
  return message.int(20, 7)
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ProtobufMessage {
  const dimensions = new ProtobufMessage()
  for (const size of shape) {
    const dimension = new ProtobufMessage()
    dimensions.message(
      1,
      typeof size === 'number' ? dimension.int(1, size) : dimension.string(2, size),
    )
  }
  const tensor = new ProtobufMessage().int(1, elementTypes[type]).message(2, dimensions)
  return new ProtobufMessage().string(1, name).message(2, new ProtobufMessage().message(1, tensor))
}
