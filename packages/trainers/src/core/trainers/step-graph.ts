import { OnnxGraph, type ValueName } from '@quoin/models/core'
import type { Algorithm } from '../declaration.ts'
import type { Layer, ParameterNames, ParameterSpec } from './layers.ts'
import type { Form } from './trainer.ts'

/** The algorithms that learn by gradient descent. */
export type Descent = Extract<Algorithm, { kind: 'mlp' | 'cnn' }>

interface Setup {
  algorithm: Descent
  problem: Form
  layers: readonly Layer[]
}

/** Of the running averages of gradients and of their squares; 1e-8 keeps the division finite. */
export const adamDecay = { mean: 0.9, square: 0.999, epsilon: 1e-8 } as const

/** What an optimizer keeps for each parameter. */
export function stateNames(parameter: string, optimizer: Descent['optimizer']): string[] {
  return optimizer === 'adam'
    ? [`mean:${parameter}`, `square:${parameter}`]
    : [`velocity:${parameter}`]
}

/**
 * One step of training as a graph: features, targets, `rate`, `share` (1 / rows) and the state in; the
 * loss (summed over the rows) and the next state out.
 */
export function encodeStepGraph({ algorithm, problem, layers }: Setup): Uint8Array {
  const graph = new OnnxGraph('training-step')
  const { features, targets } = addExampleInputs(graph, problem)
  const rate = graph.input('rate', 'float32', [])
  const share = graph.input('share', 'float32', [])
  const specs = layers.flatMap(({ parameters }) => parameters)
  for (const { name, shape } of specs)
    for (const one of [name, ...stateNames(name, algorithm.optimizer)])
      graph.input(one, 'float32', shape)
  const named: ParameterNames = (name) => name
  const values = [features]
  for (const layer of layers) values.push(layer.forward(graph, values.at(-1) ?? '', named))
  const scores = values.at(-1) ?? ''
  let delta = graph.node('Mul', [addLoss(graph, { scores, targets, problem }), share])
  const gradients: Record<string, ValueName> = {}
  for (let index = layers.length - 1; index >= 0; index--) {
    const [input = '', output = ''] = [values[index], values[index + 1]]
    const at = { input, output, delta }
    const hasParametersBelow = layers
      .slice(0, index)
      .some(({ parameters }) => parameters.length > 0)
    const back = layers[index]?.backward(graph, at, { named, wantsInput: hasParametersBelow })
    Object.assign(gradients, back?.gradients)
    delta = back?.delta ?? ''
  }
  for (const spec of specs)
    addUpdate(graph, algorithm, { spec, gradient: gradients[spec.name] ?? '', rate })
  return graph.encode()
}

/** The summed loss for given parameters. */
export function encodeLossGraph({ problem, layers }: Setup): Uint8Array {
  const graph = new OnnxGraph('training-loss')
  const { features, targets } = addExampleInputs(graph, problem)
  for (const { name, shape } of layers.flatMap(({ parameters }) => parameters))
    graph.input(name, 'float32', shape)
  const scores = layers.reduce(
    (value, layer) => layer.forward(graph, value, (name) => name),
    features,
  )
  addLoss(graph, { scores, targets, problem })
  return graph.encode()
}

function addExampleInputs(graph: OnnxGraph, { width, classes }: Form) {
  return {
    features: graph.input('features', 'float32', ['rows', width]),
    targets: graph.input('targets', classes === null ? 'float32' : 'int32', ['rows', 1]),
  }
}

/** Adds the output `loss` and gives the gradient of the summed loss by the scores. */
function addLoss(
  graph: OnnxGraph,
  { scores, targets, problem }: { scores: ValueName; targets: ValueName; problem: Form },
): ValueName {
  graph.output('loss', 'float32', [])
  if (problem.classes === null) {
    const error = graph.node('Sub', [scores, targets])
    graph.node('ReduceSum', [graph.node('Mul', [error, error])], { keepdims: 0 }, 'loss')
    return graph.node('Mul', [error, graph.float32([2], [])])
  }
  const numbers = Int32Array.from({ length: problem.classes }, (_, index) => index)
  const range = graph.constant('int32', [numbers.length], numbers)
  const isClass = graph.node('Cast', [graph.node('Equal', [targets, range])], { to: 1 })
  const logs = graph.node('LogSoftmax', [scores], { axis: -1 })
  const hits = graph.node('ReduceSum', [graph.node('Mul', [logs, isClass])], { keepdims: 0 })
  graph.node('Neg', [hits], {}, 'loss')
  return graph.node('Sub', [graph.node('Softmax', [scores], { axis: -1 }), isClass])
}

function addUpdate(
  graph: OnnxGraph,
  { optimizer, momentum, l2 }: Descent,
  { spec, gradient, rate }: { spec: ParameterSpec; gradient: ValueName; rate: ValueName },
): void {
  const { name, shape, isWeight } = spec
  const times = (value: ValueName, factor: number) =>
    graph.node('Mul', [value, graph.float32([factor], [])])
  const slope = isWeight && l2 > 0 ? graph.node('Add', [gradient, times(name, l2)]) : gradient
  const outputs = [name, ...stateNames(name, optimizer)]
  for (const one of outputs) graph.output(`next:${one}`, 'float32', shape)
  if (optimizer === 'sgd') {
    const velocity = `velocity:${name}`
    graph.node('Add', [times(velocity, momentum), slope], {}, `next:${velocity}`)
    graph.node('Sub', [name, graph.node('Mul', [`next:${velocity}`, rate])], {}, `next:${name}`)
    return
  }
  const { mean, square, epsilon } = adamDecay
  const squared = graph.node('Mul', [slope, slope])
  const means = `next:mean:${name}`
  const squares = `next:square:${name}`
  graph.node('Add', [times(`mean:${name}`, mean), times(slope, 1 - mean)], {}, means)
  graph.node('Add', [times(`square:${name}`, square), times(squared, 1 - square)], {}, squares)
  const root = graph.node('Add', [graph.node('Sqrt', [squares]), graph.float32([epsilon], [])])
  const step = graph.node('Mul', [graph.node('Div', [means, root]), rate])
  graph.node('Sub', [name, step], {}, `next:${name}`)
}
