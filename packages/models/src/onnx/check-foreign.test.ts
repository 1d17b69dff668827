import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForeignModel } from './check-foreign.ts'
import { OnnxGraph } from './graph.ts'
import { ProtobufMessage } from './protobuf.ts'

const refuse = (model: Uint8Array, message: RegExp) =>
  assert.throws(() => checkForeignModel(model), { code: 'MODEL_CORRUPT', message })

function modelOf(node: ProtobufMessage, extra = new ProtobufMessage()): Uint8Array {
  const opset = new ProtobufMessage().string(1, '').int(2, 17)
  const graph = new ProtobufMessage().message(1, node)
  const rest = extra.encode()
  const model = new ProtobufMessage().int(1, 8).message(7, graph).message(8, opset).encode()
  return Uint8Array.from([...model, ...rest])
}

const node = (operator: string) => new ProtobufMessage().string(4, operator)
const attribute = (value: ProtobufMessage, field: number) =>
  new ProtobufMessage().string(1, 'value').message(field, value)

test('a model of ours passes', () => {
  const graph = new OnnxGraph('double')
  const x = graph.input('x', 'float32', ['rows', 1])
  graph.node('Mul', [x, graph.float32([2], [1])], {}, 'y')
  graph.output('y', 'float32', ['rows', 1])
  checkForeignModel(graph.encode())
})

test('data in other files is refused, in initializers and in attributes', () => {
  const location = new ProtobufMessage().string(1, 'location').string(2, '../../etc/passwd')
  const tensor = new ProtobufMessage().int(1, 1).int(2, 1).message(13, location).int(14, 1)
  refuse(modelOf(node('Constant').message(5, attribute(tensor, 5))), /other files/)
  const graph = new ProtobufMessage().message(5, tensor)
  refuse(new ProtobufMessage().message(7, graph).encode(), /other files/)
})

test('operators that run or grow without bound, and random ones, are refused by name', () => {
  for (const operator of ['Loop', 'RandomNormal', 'ConstantOfShape', 'Expand'])
    refuse(modelOf(node(operator)), new RegExp(`operator ${operator}`))
  const inner = new ProtobufMessage()
  refuse(modelOf(node('Add').message(5, attribute(inner, 6))), /graphs within/)
})

test('unknown sets of operators, functions, training steps and newer versions are refused', () => {
  const opset = (domain: string, version: number) =>
    new ProtobufMessage().message(8, new ProtobufMessage().string(1, domain).int(2, version))
  refuse(modelOf(node('Add'), opset('com.evil', 1)), /com\.evil/)
  refuse(modelOf(node('Add'), opset('', 99)), /version 99/)
  refuse(modelOf(node('Add').string(7, 'com.microsoft')), /com\.microsoft/)
  refuse(modelOf(node('Add'), new ProtobufMessage().message(25, node('f'))), /functions/)
  refuse(modelOf(node('Add'), new ProtobufMessage().message(20, node('t'))), /training/)
})

test('bytes that are no ONNX file, or a part of one, are refused', () => {
  refuse(Uint8Array.of(), /no graph/)
  refuse(new TextEncoder().encode('<html>not a model</html>'), /ONNX/)
  const whole = modelOf(node('Add'))
  for (let size = 1; size < whole.length; size++) {
    try {
      checkForeignModel(whole.subarray(0, size))
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'MODEL_CORRUPT')
    }
  }
})
