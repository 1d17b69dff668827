import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGateway } from '../test-support/start-gateway.ts'

const infer = '/v2/models/doubler/infer'
const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4.5] }

test('Open Inference tells of the server, its health and its models', async () => {
  await using gateway = await startGateway()
  const read = async (path: string) => (await fetch(gateway.url + path)).json()
  assert.deepEqual(await read('/v2'), { name: 'quoin', version: '0.1.0', extensions: [] })
  assert.deepEqual(await read('/v2/health/live'), { live: true })
  assert.deepEqual(await read('/v2/health/ready'), { ready: true })
  assert.deepEqual(await read('/v2/models/doubler/ready'), { ready: true })
  const metadata = await read('/v2/models/doubler')
  assert.deepEqual(metadata, await read('/v2/models/doubler/versions/1'))
  assert.deepEqual(metadata, {
    name: 'doubler',
    versions: ['1'],
    platform: 'onnx-native',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1, 2] },
      { name: 'rows', datatype: 'INT64', shape: [1] },
    ],
  })
})

test('a model runs on tensors, flat or nested, by either path', async () => {
  await using gateway = await startGateway()
  const y = { name: 'y', datatype: 'FP32', shape: [2, 2], data: [2, 4, 6, 9] }
  const rows = { name: 'rows', datatype: 'INT64', shape: [1], data: [2] }
  const nested = {
    ...x,
    data: [
      [1, 2],
      [3, 4.5],
    ],
  }
  for (const path of [infer, '/v2/models/doubler/versions/1/infer'])
    for (const input of [x, nested]) {
      const answer = await gateway.post(path, { id: 'a', inputs: [input] })
      assert.deepEqual(await answer.json(), {
        model_name: 'doubler',
        model_version: '1',
        id: 'a',
        outputs: [y, rows],
      })
    }
  const some = await gateway.post(infer, { inputs: [x], outputs: [{ name: 'y' }] })
  assert.deepEqual(((await some.json()) as { outputs: object }).outputs, [y])
})

test('tensors are charged by the row', async () => {
  await using gateway = await startGateway({ price: 5n })
  const answer = await gateway.post(infer, { inputs: [x] }, { 'payment-signature': 'paid' })
  assert.equal(answer.status, 200)
  assert.equal(gateway.market.outcomes[0]?.amountAtomic, 10n)
})

test('a wrong tensor is refused with the reason, in the protocol’s error shape', async () => {
  await using gateway = await startGateway()
  const cases: [object, RegExp][] = [
    [{ inputs: [{ ...x, datatype: 'INT32' }] }, /x: is FP32, not INT32/],
    [{ inputs: [{ ...x, shape: [4] }] }, /x: has the shape \[4\], expected \[-1,2\]/],
    [{ inputs: [{ ...x, shape: [2, 3] }] }, /expected \[-1,2\]/],
    [{ inputs: [{ ...x, data: [1, 2, 3] }] }, /x: has 3 elements; its shape \[2,2\] has 4/],
    [{ inputs: [{ ...x, data: [1, 2, 3, 'four'] }] }, /element 3 is not a number/],
    [{ inputs: [{ ...x, data: [[[[1]]], 2, 3, 4] }] }, /element 0 is not a number/],
    [{ inputs: [{ ...x, name: 'z' }] }, /z: expected each of x once/],
    [{ inputs: [x, x] }, /expected each of x once/],
    [{ inputs: [{ ...x, shape: [5, 2], data: Array(10).fill(1) }] }, /at most 4/],
    [{ inputs: [x], outputs: [{ name: 'z' }] }, /no z, only y, rows/],
    [{ inputs: [] }, /inputs/],
  ]
  for (const [body, reason] of cases) {
    const answer = await gateway.post(infer, body)
    assert.equal(answer.status, 400)
    const { error } = (await answer.json()) as { error: string }
    assert.match(error, reason)
  }
  const unknown = await gateway.post('/v2/models/nobody/infer', { inputs: [x] })
  assert.equal(unknown.status, 404)
  assert.match(((await unknown.json()) as { error: string }).error, /'nobody' is not served/)
  assert.equal((await fetch(`${gateway.url}/v2/models/doubler/versions/2`)).status, 404)
})
