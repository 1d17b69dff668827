import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBackend } from '../core/backend.ts'
import { OnnxGraph } from './index.ts'

const ort = await import('onnxruntime-node')
const backend = createBackend(ort, 'onnx-native')

test('a written graph runs in ONNX Runtime and gives what its operators say', async () => {
  const graph = new OnnxGraph('affine')
  const x = graph.input('x', 'float32', ['N', 2])
  const weights = graph.float32([1, 2, 3, 4], [2, 2])
  const product = graph.node('MatMul', [x, weights])
  graph.node('LeakyRelu', [product], { alpha: { float: 0.5 } }, 'y')
  graph.output('y', 'float32', ['N', 2])
  await using session = await backend.open(graph.encode())
  const { y } = await session.run({
    x: { type: 'float32', shape: [2, 2], data: Float32Array.of(1, 1, -1, -1) },
  })
  assert.deepEqual(y?.shape, [2, 2])
  assert.deepEqual(y?.data, Float32Array.of(4, 6, -2, -3))
})

test('attributes, negative integers and operators with several outputs survive the round trip', async () => {
  const graph = new OnnxGraph('pieces')
  const x = graph.input('x', 'int64', [4])
  graph.nodes('Split', [x, graph.int64(1, 3)], { axis: -1 }, ['head', 'tail'])
  const far = graph.constant('int64', [1], BigInt64Array.of(-9_000_000_000_000_000_000n))
  graph.node('Add', ['head', far], {}, 'sum')
  graph.node('Reshape', ['tail', graph.int64(3, 1)], {}, 'column')
  const mean = graph.node('Cast', ['column'], { to: 1 })
  graph.node('ReduceMean', [mean], { axes: [0, -1], keepdims: 0 }, 'mean')
  graph.output('sum', 'int64', [1])
  graph.output('column', 'int64', [3, 1])
  graph.output('mean', 'float32', [])
  await using session = await backend.open(graph.encode())
  const outputs = await session.run({
    x: { type: 'int64', shape: [4], data: BigInt64Array.of(-1n, 2n, 3n, 4n) },
  })
  assert.deepEqual(outputs.sum?.data, BigInt64Array.of(-9_000_000_000_000_000_001n))
  assert.deepEqual(outputs.column?.shape, [3, 1])
  assert.deepEqual(outputs.mean?.data, Float32Array.of(3))
})

test('bytes and texts as attributes are written as ONNX has them', async () => {
  const graph = new OnnxGraph('pool')
  const image = graph.input('image', 'uint8', [1, 1, 3, 3])
  const values = graph.node('Cast', [image], { to: 1 })
  graph.node('MaxPool', [values], { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER' }, 'pooled')
  graph.output('pooled', 'float32', [1, 1, 3, 3])
  await using session = await backend.open(graph.encode())
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 255)
  const { pooled } = await session.run({ image: { type: 'uint8', shape: [1, 1, 3, 3], data } })
  assert.deepEqual(pooled?.data, Float32Array.of(5, 6, 6, 8, 255, 255, 8, 255, 255))
})

test('the same graph always has the same bytes', () => {
  const write = () => {
    const graph = new OnnxGraph('same')
    const x = graph.input('x', 'float32', ['N'])
    graph.node('Add', [x, graph.float32([0.1], [1])], {}, 'y')
    graph.output('y', 'float32', ['N'])
    return graph.encode()
  }
  assert.deepEqual(write(), write())
})
