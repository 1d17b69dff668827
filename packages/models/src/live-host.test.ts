import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tabularSchemaKey } from './core/tabular-schema.ts'
import { createModelHost, defineTabular, type Tensor } from './index.ts'
import { OnnxGraph } from './onnx/index.ts'

/** A model of rows that adds a number; `axis` beyond 1 passes every look at the file and cannot be opened. */
function rowModel(add: number, axis = 1): Uint8Array {
  const graph = new OnnxGraph('add')
  const x = graph.input('x', 'float32', ['rows', 1])
  const sum = graph.node('Add', [x, graph.float32([add], [1])])
  graph.node('Softmax', [sum], { axis }, 'soft')
  graph.node('Identity', [sum], {}, 'value')
  graph.output('value', 'float32', ['rows', 1])
  const schema = {
    ...{ version: 1, task: 'regression' },
    inputs: [{ name: 'x', type: 'float32', shape: [null, 1], missing: false }],
    outputs: [{ name: 'value', type: 'float32', shape: [null, 1] }],
    training: { declaration: 'none', table: 'none', runtimeId: 'none' },
  }
  graph.metadata(tabularSchemaKey, JSON.stringify(schema))
  return graph.encode()
}

const define = (id: string, model: Uint8Array, runtime: 'onnx-wasm' | 'onnx-native') =>
  defineTabular({ id, title: id, description: '', licence: '', runtime, createdAt: '' }, model)

const one: Record<string, Tensor> = {
  x: { type: 'float32', shape: [1, 1], data: Float32Array.of(1) },
}

for (const runtime of ['onnx-wasm', 'onnx-native'] as const)
  test(`models come and go on ${runtime}, and one that cannot be opened harms none`, async () => {
    await using host = await createModelHost({ models: [], warmUpMs: 0 })
    const good = rowModel(41)
    const model = await host.add(await define('good', good, runtime), { model: good })
    const bad = rowModel(1, 7)
    await assert.rejects(host.add(await define('bad', bad, runtime), { model: bad }), {
      code: 'MODEL_FAILED',
    })
    const twice = await define('good', good, runtime)
    await assert.rejects(host.add(twice, { model: good }), { code: 'MODEL_FAILED' })
    assert.deepEqual([...host.models.keys()], ['good'])
    assert.deepEqual((await model.infer(one)).value?.data, Float32Array.of(42))
    await host.remove('good')
    assert.equal(host.models.size, 0)
    await assert.rejects(model.infer(one), { code: 'MODEL_FAILED' })
  })

test('a model that is not open in time is stopped', async () => {
  await using host = await createModelHost({ models: [], warmUpMs: 60_000 })
  const model = rowModel(1)
  const signal = AbortSignal.abort()
  await assert.rejects(host.add(await define('slow', model, 'onnx-wasm'), { model }, { signal }), {
    code: 'MODEL_FAILED',
    message: /in time/,
  })
  assert.equal(host.models.size, 0)
})
