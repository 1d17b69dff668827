import type { OnnxGraph, ValueName } from '@quoin/models/core'

export interface ParameterSpec {
  name: string
  shape: readonly number[]
  /** Begins uniform within ± this; biases begin at 0. */
  bound: { squared: number }
  /** Penalised by l2. */
  isWeight: boolean
}

/** Gives a parameter's value in the graph at hand: an input while training, a constant afterwards. */
export type ParameterNames = (name: string) => ValueName

/** One layer of a network with its gradient written out by hand. */
export interface Layer {
  readonly parameters: readonly ParameterSpec[]
  forward(graph: OnnxGraph, input: ValueName, named: ParameterNames): ValueName
  /**
   * The gradients of the parameters, and of the input if it is wanted, from that of the output
   * (`delta`, before the layer's ReLU has been taken into account).
   */
  backward(
    graph: OnnxGraph,
    at: { input: ValueName; output: ValueName; delta: ValueName },
    context: { named: ParameterNames; wantsInput: boolean },
  ): { gradients: Record<string, ValueName>; delta: ValueName }
}

/** x·W + b, [rows, inputs] to [rows, outputs], with a ReLU after it or not. */
export function dense(
  index: number,
  { inputs, outputs, relu }: { inputs: number; outputs: number; relu: boolean },
): Layer {
  const weights = `weights${index}`
  const biases = `biases${index}`
  return {
    parameters: [
      {
        name: weights,
        shape: [inputs, outputs],
        bound: { squared: 6 / (inputs + outputs) },
        isWeight: true,
      },
      { name: biases, shape: [outputs], bound: { squared: 0 }, isWeight: false },
    ],
    forward(graph, input, named) {
      const sums = graph.node('Gemm', [input, named(weights), named(biases)])
      return relu ? graph.node('Relu', [sums]) : sums
    },
    backward(graph, { input, output, delta }, { named, wantsInput }) {
      const slope = relu ? throughRelu(graph, output, delta) : delta
      return {
        gradients: {
          [weights]: graph.node('Gemm', [input, slope], { transA: 1 }),
          [biases]: graph.node('ReduceSum', [slope, graph.int64(0)], { keepdims: 0 }),
        },
        delta: wantsInput ? graph.node('Gemm', [slope, named(weights)], { transB: 1 }) : '',
      }
    },
  }
}

export interface ConvolutionShape {
  channels: number
  height: number
  width: number
  filters: number
  kernel: number
  stride: number
}

/** The sides of what a convolution without padding gives. */
export function convolvedSide(
  side: number,
  { kernel, stride }: Pick<ConvolutionShape, 'kernel' | 'stride'>,
) {
  return Math.floor((side - kernel) / stride) + 1
}

/** A convolution without padding, then ReLU: [rows, channels, height, width] to [rows, filters, …]. */
export function convolution(index: number, shape: ConvolutionShape): Layer {
  const { channels, height, width, filters, kernel, stride } = shape
  const weights = `weights${index}`
  const biases = `biases${index}`
  const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride] }
  const unused = (side: number) => side - ((convolvedSide(side, shape) - 1) * stride + kernel)
  return {
    parameters: [
      {
        name: weights,
        shape: [filters, channels, kernel, kernel],
        bound: { squared: 6 / (channels * kernel * kernel) },
        isWeight: true,
      },
      { name: biases, shape: [filters], bound: { squared: 0 }, isWeight: false },
    ],
    forward: (graph, input, named) =>
      graph.node('Relu', [graph.node('Conv', [input, named(weights), named(biases)], attributes)]),
    backward(graph, { input, output, delta }, { named, wantsInput }) {
      const slope = throughRelu(graph, output, delta)
      return {
        gradients: {
          [weights]: kernelGradient(graph, { input, slope }, shape),
          [biases]: graph.node('ReduceSum', [slope, graph.int64(0, 2, 3)], { keepdims: 0 }),
        },
        delta: wantsInput
          ? graph.node('ConvTranspose', [slope, named(weights)], {
              ...attributes,
              output_padding: [unused(height), unused(width)],
            })
          : '',
      }
    },
  }
}

/** The input convolved with the output's slope, rows and channels having changed places. */
function kernelGradient(
  graph: OnnxGraph,
  { input, slope }: { input: ValueName; slope: ValueName },
  { kernel, stride }: ConvolutionShape,
): ValueName {
  const swap = (name: ValueName) => graph.node('Transpose', [name], { perm: [1, 0, 2, 3] })
  const correlated = graph.node('Conv', [swap(input), swap(slope)], {
    dilations: [stride, stride],
  })
  const cut = [graph.int64(0, 0), graph.int64(kernel, kernel), graph.int64(2, 3)]
  return swap(graph.node('Slice', [correlated, ...cut]))
}

/** Changes only the shape: flat rows to images, or images to flat rows. */
export function reshape(from: readonly number[], to: readonly number[]): Layer {
  return {
    parameters: [],
    forward: (graph, input) => graph.node('Reshape', [input, graph.int64(-1, ...to)]),
    backward: (graph, { delta }, { wantsInput }) => ({
      gradients: {},
      delta: wantsInput ? graph.node('Reshape', [delta, graph.int64(-1, ...from)]) : '',
    }),
  }
}

function throughRelu(graph: OnnxGraph, output: ValueName, delta: ValueName): ValueName {
  const zero = graph.float32([0], [])
  return graph.node('Where', [graph.node('Greater', [output, zero]), delta, zero])
}
