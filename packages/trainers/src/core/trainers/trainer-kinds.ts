import type { Backend, OnnxGraph, ValueName } from '@quoin/models/core'
import type { Arrays } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { linear } from './linear.ts'
import type { Form, Problem, Trainer } from './trainer.ts'

export function openTrainer(
  backend: Backend,
  algorithm: Algorithm,
  problem: Problem,
): Promise<Trainer> {
  switch (algorithm.kind) {
    case 'linear':
      return linear.open(backend, algorithm, problem)
    default:
      throw new RangeError(algorithm.kind)
  }
}

export function addPredictor(
  graph: OnnxGraph,
  features: ValueName,
  model: { algorithm: Algorithm; form: Form; parameters: Arrays },
): ValueName {
  const { algorithm } = model
  switch (algorithm.kind) {
    case 'linear':
      return linear.addPredictor(graph, features, { ...model, algorithm })
    default:
      throw new RangeError(algorithm.kind)
  }
}
