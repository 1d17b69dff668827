import type { OnnxGraph, ValueName } from '@quoin/models/core'
import type { FittedEncoding, FittedFeature } from './fit-encoding.ts'

type Fitted<K extends FittedFeature['kind']> = Extract<FittedFeature, { kind: K }>

/** ONNX's number of the element type, for Cast. */
const float32 = 1

/**
 * Adds the raw inputs and what encodes them to a graph; gives the encoded rows [rows, width]. The same
 * operators encode when training and when serving. Numbers are reduced in float64 before they become
 * float32, so that large ones (times, identifiers) keep their differences.
 */
export function addEncoding(graph: OnnxGraph, { features }: FittedEncoding): ValueName {
  const parts = features.flatMap((feature) => addFeature(graph, feature))
  return parts.length === 1 && parts[0] !== undefined
    ? parts[0]
    : graph.node('Concat', parts, { axis: 1 })
}

function addFeature(graph: OnnxGraph, fitted: FittedFeature): ValueName[] {
  switch (fitted.kind) {
    case 'numeric':
      return addNumeric(graph, fitted)
    case 'categorical':
      return addCategorical(graph, fitted)
    case 'tensor':
      return [addTensor(graph, fitted)]
  }
}

function addNumeric(graph: OnnxGraph, { feature, columns }: Fitted<'numeric'>): ValueName[] {
  const raw = addNumericInputs(graph, feature)
  const constant = (pick: (column: (typeof columns)[number]) => number) =>
    graph.constant('float64', [columns.length], Float64Array.from(columns, pick))
  const canMiss = feature.missing !== 'refuse'
  const isMissing = canMiss || feature.indicator ? graph.node('IsNaN', [raw]) : raw
  const filled = canMiss ? graph.node('Where', [isMissing, constant(({ fill }) => fill), raw]) : raw
  const centred = graph.node('Sub', [filled, constant(({ offset }) => offset)])
  const scaled = graph.node('Mul', [centred, constant(({ factor }) => factor)])
  const values = graph.node('Cast', [scaled], { to: float32 })
  return feature.indicator ? [values, graph.node('Cast', [isMissing], { to: float32 })] : [values]
}

function addNumericInputs(
  graph: OnnxGraph,
  { input, columns }: Fitted<'numeric'>['feature'],
): ValueName {
  if (input !== undefined) return graph.input(input, 'float64', ['rows', columns.length])
  const inputs = columns.map((name) => graph.input(name, 'float64', ['rows', 1]))
  return graph.node('Concat', inputs, { axis: 1 })
}

/** Each category is a column of zeros and ones. */
function addCategorical(graph: OnnxGraph, fitted: Fitted<'categorical'>): ValueName[] {
  return fitted.feature.columns.map((name, index) => {
    const categories = fitted.categories[index] ?? []
    const numbers = categories.map((_, number) => number)
    const label = graph.node(
      'ai.onnx.ml/LabelEncoder',
      [graph.input(name, 'string', ['rows', 1])],
      {
        keys_strings: { strings: categories },
        values_int64s: numbers,
        default_int64: -1,
      },
    )
    const isCategory = graph.node('Equal', [label, graph.int64(...numbers)])
    return graph.node('Cast', [isCategory], { to: float32 })
  })
}

/** Images [height, width, channels] become [channels, height, width], flat. */
function addTensor(graph: OnnxGraph, fitted: Fitted<'tensor'>): ValueName {
  const { feature, shape, type, offset, factor } = fitted
  const raw = graph.input(feature.column, type, ['rows', ...shape])
  const values = type === 'uint8' ? graph.node('Cast', [raw], { to: float32 }) : raw
  const centred = offset === 0 ? values : graph.node('Sub', [values, graph.float32([offset], [])])
  const scaled = graph.node('Mul', [centred, graph.float32([factor], [])])
  const isImage = shape.length === 3
  const planes = isImage ? graph.node('Transpose', [scaled], { perm: [0, 3, 1, 2] }) : scaled
  return graph.node('Flatten', [planes], { axis: 1 })
}
