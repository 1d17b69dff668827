import type { OnnxGraph, ValueName } from '@quoin/models/core'
import { float32Named } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { trainingError } from '../errors.ts'
import { openDescent } from './gradient-descent.ts'
import {
  convolution,
  convolvedSide,
  dense,
  type Layer,
  type ParameterNames,
  reshape,
} from './layers.ts'
import type { Form, TrainerKind } from './trainer.ts'

type Network = Extract<Algorithm, { kind: 'mlp' | 'cnn' }>

/** Networks learn by gradient descent; forward, backward and the optimizer's step are one ONNX graph. */
export const network: TrainerKind<Network> = {
  open: (backend, algorithm, problem) =>
    openDescent(backend, { algorithm, problem, layers: layersOf(algorithm, problem) }),
  addPredictor(graph, features, { algorithm, form, parameters }) {
    const layers = layersOf(algorithm, form)
    const shapes = new Map(
      layers.flatMap((layer) => layer.parameters.map(({ name, shape }) => [name, shape] as const)),
    )
    const named: ParameterNames = (name) =>
      graph.float32(float32Named(parameters, name), [...(shapes.get(name) ?? [])])
    const scores = addForward(graph, features, { layers, named })
    return form.classes === null ? scores : graph.node('Softmax', [scores], { axis: -1 })
  },
}

function addForward(
  graph: OnnxGraph,
  features: ValueName,
  { layers, named }: { layers: readonly Layer[]; named: ParameterNames },
): ValueName {
  return layers.reduce((value, layer) => layer.forward(graph, value, named), features)
}

function layersOf(algorithm: Network, form: Form): Layer[] {
  const outputs = form.classes ?? 1
  if (algorithm.kind === 'mlp') return denseLayers(form.width, [...algorithm.hidden, outputs], 0)
  const { layers, width } = convolutionLayers(algorithm, form)
  return [...layers, ...denseLayers(width, [...algorithm.hidden, outputs], layers.length)]
}

function denseLayers(width: number, sizes: readonly number[], firstIndex: number): Layer[] {
  return sizes.map((outputs, index) =>
    dense(firstIndex + index, {
      inputs: index === 0 ? width : (sizes[index - 1] ?? 0),
      outputs,
      relu: index < sizes.length - 1,
    }),
  )
}

function convolutionLayers({ convolutions }: Extract<Network, { kind: 'cnn' }>, form: Form) {
  if (form.image === null)
    throw trainingError(
      'COLUMN_TYPE',
      'A cnn takes a tensor column of images with the shape [height, width, channels]',
    )
  let [channels, height, width] = form.image
  const layers: Layer[] = [reshape([form.width], [channels, height, width])]
  for (const [index, { filters, kernel, stride }] of convolutions.entries()) {
    if (kernel > height || kernel > width)
      throw trainingError(
        'DECLARATION_INVALID',
        `The convolution ${index + 1} has a kernel of ${kernel} where ${height} × ${width} points are left: take fewer or smaller ones`,
      )
    layers.push(convolution(index, { channels, height, width, filters, kernel, stride }))
    channels = filters
    height = convolvedSide(height, { kernel, stride })
    width = convolvedSide(width, { kernel, stride })
  }
  const flat = channels * height * width
  return { layers: [...layers, reshape([channels, height, width], [flat])], width: flat }
}
