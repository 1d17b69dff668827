import { canonicalJson } from '@quoin/kernel'
import { OnnxGraph, type TabularSchema, tabularSchemaKey } from '@quoin/models/core'
import type { Arrays } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { addEncoding } from '../encoding/add-encoding.ts'
import type { FittedEncoding } from '../encoding/fit-encoding.ts'
import type { Form } from '../trainers/trainer.ts'
import { addPredictor } from '../trainers/trainer-kinds.ts'
import { describeModel } from './describe-model.ts'

/** Undoes the standardising of a regression's target. */
export interface ValueScale {
  offset: number
  factor: number
}

export interface FittedModel {
  algorithm: Algorithm
  encoding: FittedEncoding
  form: Form
  parameters: Arrays
  /** Classes, or how values were scaled. */
  target: { kind: 'classes'; classes: readonly string[] } | { kind: 'values'; scale: ValueScale }
}

/**
 * The whole way from raw rows to answers as one ONNX file, its schema among its facts. Outputs are
 * `probabilities` [rows, classes] and `label` [rows], or `value` [rows].
 */
export function writeModel(
  model: FittedModel,
  training: TabularSchema['training'],
): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph('tabular')
  const features = addEncoding(graph, model.encoding)
  const predicted = addPredictor(graph, features, model)
  if (model.target.kind === 'classes') addClassOutputs(graph, predicted, model.target.classes)
  else addValueOutput(graph, predicted, model.target.scale)
  graph.metadata(tabularSchemaKey, canonicalJson(describeModel(model, training)))
  return graph.encode()
}

function addClassOutputs(graph: OnnxGraph, predicted: string, classes: readonly string[]): void {
  graph.node('Identity', [predicted], {}, 'probabilities')
  graph.output('probabilities', 'float32', ['rows', classes.length])
  const likeliest = graph.node('ArgMax', [predicted], { axis: 1, keepdims: 0 })
  const numbers = classes.map((_, index) => index)
  graph.node(
    'ai.onnx.ml/LabelEncoder',
    [likeliest],
    { keys_int64s: numbers, values_strings: { strings: classes } },
    'label',
  )
  graph.output('label', 'string', ['rows'])
}

function addValueOutput(graph: OnnxGraph, predicted: string, { offset, factor }: ValueScale): void {
  const flat = graph.node('Reshape', [predicted, graph.int64(-1)])
  const scaled = graph.node('Mul', [flat, graph.float32([factor], [])])
  graph.node('Add', [scaled, graph.float32([offset], [])], {}, 'value')
  graph.output('value', 'float32', ['rows'])
}
