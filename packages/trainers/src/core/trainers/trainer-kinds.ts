import type { Backend, OnnxGraph, ValueName } from '@quoin/models/core'
import type { Arrays } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { boostedTrees } from './boosted-trees.ts'
import { linear } from './linear.ts'
import { logistic } from './logistic.ts'
import { network } from './networks.ts'
import type { Form, Problem, Trainer } from './trainer.ts'

export function openTrainer(
  backend: Backend,
  algorithm: Algorithm,
  problem: Problem,
): Promise<Trainer> {
  switch (algorithm.kind) {
    case 'linear':
      return linear.open(backend, algorithm, problem)
    case 'logistic':
      return logistic.open(backend, algorithm, problem)
    case 'mlp':
    case 'cnn':
      return network.open(backend, algorithm, problem)
    case 'trees':
      return boostedTrees.open(backend, algorithm, problem)
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
    case 'logistic':
      return logistic.addPredictor(graph, features, { ...model, algorithm })
    case 'mlp':
    case 'cnn':
      return network.addPredictor(graph, features, { ...model, algorithm })
    case 'trees':
      return boostedTrees.addPredictor(graph, features, { ...model, algorithm })
  }
}
