import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelManifest, Tensor, TensorType } from '@quoin/models'
import fc from 'fast-check'
import { createFakeDoubler } from '../test-support/fake-models.ts'
import { parseInputs, TensorJson, tensorToJsonText } from './tensors.ts'

const manifestWith = (type: TensorType): ModelManifest => ({
  ...createFakeDoubler().manifest,
  inputs: [{ name: 't', type, shape: [null] }],
})

const float = fc.float({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0))
const tensors: fc.Arbitrary<Tensor> = fc.oneof(
  fc.array(float).map((all) => tensorOf('float32', Float32Array.from(all))),
  fc.array(fc.integer()).map((all) => tensorOf('int32', Int32Array.from(all))),
  fc
    .array(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)))
    .map((all) => tensorOf('float64', Float64Array.from(all))),
  fc.array(fc.string({ unit: 'binary' })).map((all) => tensorOf('string', all)),
  fc.uint8Array().map((all) => tensorOf('uint8', all)),
  fc.array(fc.integer({ min: 0, max: 1 })).map((all) => tensorOf('bool', Uint8Array.from(all))),
)

function tensorOf(type: TensorType, data: Tensor['data']): Tensor {
  return { type, shape: [data.length], data }
}

function throughJson(tensor: Tensor): Tensor | undefined {
  const json = TensorJson.parse(JSON.parse(tensorToJsonText('t', tensor)))
  return parseInputs(manifestWith(tensor.type), [json]).t
}

test('tensors survive the way through JSON', () => {
  fc.assert(fc.property(tensors, (tensor) => assert.deepEqual(throughJson(tensor), tensor)))
})

test('64-bit integers keep their digits, as text where a JSON number cannot hold them', () => {
  const most = 2n ** 63n - 1n
  const tensor = tensorOf('int64', BigInt64Array.of(most, -most - 1n, 5n))
  assert.match(tensorToJsonText('t', tensor), /\[9223372036854775807,-9223372036854775808,5\]/)
  const sent = { name: 't', datatype: 'INT64', shape: [2], data: [`${most}`, 5] }
  const parsed = parseInputs(manifestWith('int64'), [sent]).t
  assert.deepEqual(parsed?.data, BigInt64Array.of(most, 5n))
  for (const wrong of [`${most + 1n}`, 2 ** 60, 1.5, 'five', null])
    assert.throws(
      () => parseInputs(manifestWith('int64'), [{ ...sent, data: [wrong, 5] }]),
      /64-bit/,
    )
})

test('numbers that JSON has not are an error, not null', () => {
  const tensor = tensorOf('float32', Float32Array.of(Number.NaN))
  assert.throws(() => tensorToJsonText('t', tensor), { code: 'OUTPUT_NOT_JSON' })
})

test('null stands for a missing 64-bit number, and texts are taken as texts alone', () => {
  const numbers = { name: 't', datatype: 'FP64', shape: [2], data: [1.5, null] }
  const parsed = parseInputs(manifestWith('float64'), [numbers]).t
  assert.deepEqual(parsed?.data, Float64Array.of(1.5, Number.NaN))
  for (const wrong of ['1.5', true, undefined])
    assert.throws(
      () => parseInputs(manifestWith('float64'), [{ ...numbers, data: [1, wrong] }]),
      /not a number/,
    )
  const texts = { name: 't', datatype: 'BYTES', shape: [1], data: [5] }
  assert.throws(() => parseInputs(manifestWith('string'), [texts]), /not a text/)
})
