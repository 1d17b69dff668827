import type { Weight } from '../../src/convert/tfjs-weights.ts'
import { OnnxGraph, type ValueName } from '../../src/onnx/index.ts'
import type { Activation, Layer, LayerOf } from './keras-layers.ts'

export interface ConversionNames {
  graph: string
  input: string
  output: string
  classes: number
}

/**
 * A Keras image classifier (channels last) as ONNX (channels first inside, last at the input).
 * Quantised weights stay bytes in the file and become float32 inside the graph, so the file is a
 * quarter of the size and the arithmetic is float32 throughout.
 */
export function kerasToOnnx(
  layers: readonly Layer[],
  weights: ReadonlyMap<string, Weight>,
  names: ConversionNames,
): Uint8Array<ArrayBuffer> {
  const conversion: Conversion = { graph: new OnnxGraph(names.graph), weights, names }
  const values = new Map<string, ValueName>()
  let last = ''
  for (const layer of layers) {
    const sources = layer.inbound_nodes.flat().map(([name]) => required(values, name))
    last = convertLayer(conversion, layer, sources)
    values.set(layer.name, last)
  }
  conversion.graph.node('Identity', [last], {}, names.output)
  conversion.graph.output(names.output, 'float32', ['N', names.classes])
  return conversion.graph.encode()
}

interface Conversion {
  graph: OnnxGraph
  weights: ReadonlyMap<string, Weight>
  names: ConversionNames
}

function convertLayer(conversion: Conversion, layer: Layer, sources: ValueName[]): ValueName {
  const { graph, names } = conversion
  const source = sources[0] ?? ''
  switch (layer.class_name) {
    case 'InputLayer': {
      const [, ...shape] = layer.config.batch_input_shape
      const input = graph.input(names.input, 'float32', ['N', ...shape.map(Number)])
      return graph.node('Transpose', [input], { perm: [0, 3, 1, 2] })
    }
    case 'ZeroPadding2D': {
      const [[top, bottom], [left, right]] = layer.config.padding
      return graph.node('Pad', [source, graph.int64(0, 0, top, left, 0, 0, bottom, right)])
    }
    case 'Conv2D':
    case 'DepthwiseConv2D':
      return convolve(conversion, layer, source)
    case 'BatchNormalization': {
      const parts = ['gamma', 'beta', 'moving_mean', 'moving_variance']
      const inputs = parts.map((part) => constant(conversion, `${layer.name}/${part}`))
      const { epsilon } = layer.config
      return graph.node('BatchNormalization', [source, ...inputs], { epsilon: { float: epsilon } })
    }
    case 'ReLU': {
      const { max_value: maximum } = layer.config
      if (maximum === null) return graph.node('Relu', [source])
      return graph.node('Clip', [source, graph.float32([0], []), graph.float32([maximum], [])])
    }
    case 'Add':
      return graph.node('Add', sources)
    case 'AveragePooling2D': {
      const { pool_size, strides } = layer.config
      return graph.node('AveragePool', [source], { kernel_shape: pool_size, strides })
    }
    case 'Flatten':
      return graph.node('Flatten', [graph.node('Transpose', [source], { perm: [0, 2, 3, 1] })])
    case 'Dropout':
      return source
    case 'Dense': {
      const inputs = [source, constant(conversion, `${layer.name}/kernel`)]
      if (layer.config.use_bias) inputs.push(constant(conversion, `${layer.name}/bias`))
      return activate(graph, graph.node('Gemm', inputs), layer.config.activation)
    }
  }
}

function convolve(
  conversion: Conversion,
  layer: LayerOf<'Conv2D'> | LayerOf<'DepthwiseConv2D'>,
  source: ValueName,
): ValueName {
  const { graph } = conversion
  const { kernel_size, strides, padding, use_bias, activation } = layer.config
  const depthwise = layer.class_name === 'DepthwiseConv2D'
  // Keras: [height, width, in, out], and [height, width, channels, 1] depthwise; ONNX: [out, in, …].
  const order = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]
  const name = `${layer.name}/${depthwise ? 'depthwise_kernel' : 'kernel'}`
  const inputs = [source, constant(conversion, name, order)]
  if (use_bias) inputs.push(constant(conversion, `${layer.name}/bias`))
  const channels = required(conversion.weights, name).shape[2] ?? 1
  const convolved = graph.node('Conv', inputs, {
    kernel_shape: kernel_size,
    strides,
    group: depthwise ? channels : 1,
    auto_pad: padding === 'same' ? 'SAME_UPPER' : 'VALID',
  })
  return activate(graph, convolved, activation)
}

function activate(graph: OnnxGraph, value: ValueName, activation: Activation): ValueName {
  if (activation === 'linear') return value
  if (activation === 'relu') return graph.node('Relu', [value])
  return graph.node('Softmax', [value], { axis: -1 })
}

function constant(
  { graph, weights }: Conversion,
  name: string,
  order?: readonly number[],
): ValueName {
  const weight = required(weights, name)
  const { shape, data } = order ? permute(weight, order) : weight
  if (weight.kind === 'float32' && data instanceof Float32Array) return graph.float32(data, shape)
  if (weight.kind === 'quantized' && data instanceof Uint8Array) {
    const integers = graph.node('Cast', [graph.constant('uint8', shape, data)], { to: 1 })
    const scaled = graph.node('Mul', [integers, graph.float32([weight.scale], [])])
    return graph.node('Add', [scaled, graph.float32([weight.min], [])])
  }
  throw new TypeError(`${name} is stored as ${weight.kind}, which is not supported`)
}

function permute({ shape, data }: Weight, order: readonly number[]) {
  const permuted = data.slice()
  const newShape = order.map((axis) => shape[axis] ?? 1)
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const steps = order.map((axis) => strides[axis] ?? 1)
  for (let index = 0; index < data.length; index++) {
    let rest = index
    let from = 0
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const size = newShape[axis] ?? 1
      from += (rest % size) * (steps[axis] ?? 1)
      rest = Math.floor(rest / size)
    }
    permuted[index] = data[from] ?? 0
  }
  return { shape: newShape, data: permuted }
}

function required<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name)
  if (value === undefined) throw new RangeError(`The model refers to ${name}, which it has not`)
  return value
}
