import type { Tensor } from '../interface.ts'
import { OnnxGraph, type ValueName } from '../onnx/index.ts'
import type { Session } from './backend.ts'
import { modelError } from './errors.ts'
import { outputNamed } from './rows.ts'

export interface SamplerShape {
  vocabularySize: number
  /** Tokens that are never chosen. */
  banned: readonly number[]
}

/**
 * The choice of the next token as an ONNX graph, so that softmax and sums are the runtime's and not
 * the JavaScript engine's: ban → top k → divide by temperature → softmax → keep the likeliest that
 * together reach topP → the first whose cumulative share exceeds `uniform`.
 * Inputs: logits float32 [V]; temperature, topP, uniform float32 []; topK int64 [1]. Output: token
 * int64 [].
 */
export function encodeSampler({ vocabularySize, banned }: SamplerShape): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph('sampler')
  const logits = graph.input('logits', 'float32', [vocabularySize])
  const temperature = graph.input('temperature', 'float32', [])
  const topK = graph.input('topK', 'int64', [1])
  const topP = graph.input('topP', 'float32', [])
  const uniform = graph.input('uniform', 'float32', [])

  const bans = new Float32Array(vocabularySize)
  for (const token of banned) bans[token] = -1e9
  const allowed = graph.node('Add', [logits, graph.float32(bans, [vocabularySize])])
  graph.nodes('TopK', [allowed, topK], { axis: 0 }, ['likeliest', 'tokens'])
  const scaled = graph.node('Div', ['likeliest', temperature])
  const shares = graph.node('Softmax', [scaled], { axis: 0 })
  const before = graph.node('Sub', [cumulativeSum(graph, shares), shares])
  const isKept = graph.node('Cast', [graph.node('LessOrEqual', [before, topP])], { to: 1 })
  const reached = cumulativeSum(graph, graph.node('Mul', [shares, isKept]))
  const total = graph.node('ReduceMax', [reached], { axes: [0], keepdims: 0 })
  const threshold = graph.node('Mul', [uniform, total])
  const isPassed = graph.node('Cast', [graph.node('LessOrEqual', [reached, threshold])], { to: 1 })
  const last = graph.node('Sub', [count(graph, isKept), graph.float32([1], [])])
  const chosen = graph.node('Min', [count(graph, isPassed), last])
  const index = graph.node('Cast', [chosen], { to: 7 })
  graph.node('Gather', ['tokens', index], { axis: 0 }, 'token')
  graph.output('token', 'int64', [])
  return graph.encode()
}

function cumulativeSum(graph: OnnxGraph, values: ValueName): ValueName {
  return graph.node('CumSum', [values, graph.constant('int64', [], BigInt64Array.of(0n))])
}

function count(graph: OnnxGraph, flags: ValueName): ValueName {
  return graph.node('ReduceSum', [flags, graph.int64(0)], { keepdims: 0 })
}

export interface Sampling {
  /** 0 takes the likeliest token. */
  temperature: number
  /** 0 for all. */
  topK: number
  topP: number
  /** In [0, 1). */
  uniform: number
}

/** Runs the sampler's graph on the logits of one position. */
export async function sampleToken(
  session: Session,
  logits: Float32Array,
  { temperature, topK, topP, uniform }: Sampling,
): Promise<number> {
  const greedy = temperature === 0
  const k = greedy ? 1 : Math.min(topK === 0 ? logits.length : topK, logits.length)
  const outputs = await session.run({
    logits: { type: 'float32', shape: [logits.length], data: logits },
    temperature: scalar(greedy ? 1 : temperature),
    topK: { type: 'int64', shape: [1], data: BigInt64Array.of(BigInt(k)) },
    topP: scalar(topP),
    uniform: scalar(uniform),
  })
  const [token] = outputNamed(outputs, 'token').data
  if (token === undefined) throw modelError('MODEL_FAILED', 'The sampler chose no token')
  return Number(token)
}

function scalar(value: number): Tensor {
  return { type: 'float32', shape: [], data: Float32Array.of(value) }
}
