import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { requestHash } from './call/request-hash.ts'
import { Catalogue, type Release, type Service } from './service.ts'
import { createFakeDoubler, createFakeHost } from './test-support/fake-models.ts'

const serviceId: Hex = `0x${'5e'.repeat(32)}`
const price = { callAtomic: 1n, inAtomicPerMillion: 0n, outAtomicPerMillion: 0n }

function catalogueWith(canary: Release['canary']): Catalogue {
  const ids = ['doubler@1', 'doubler@2', 'alone']
  const models = ids.map((id) => {
    const model = createFakeDoubler()
    return { ...model, manifest: { ...model.manifest, id } }
  })
  const services = new Map(
    ids.map((id): [string, Service] => [id, { ...price, serviceId, modelId: id, class: 'fast' }]),
  )
  const versions = new Map([
    ['1', 'doubler@1'],
    ['2', 'doubler@2'],
  ])
  const release = { name: 'doubler', versions, current: '1', canary }
  return new Catalogue({
    models: createFakeHost(models),
    services,
    releases: new Map([['doubler', release]]),
  })
}

const calls = Array.from({ length: 4000 }, (_, call) => requestHash({ call }))

test('a canary answers its share of calls, and the same call always alike', () => {
  for (const share of [0.1, 0.5]) {
    const catalogue = catalogueWith({ version: '2', share })
    const versions = calls.map((call) => catalogue.get('doubler', { call }).version)
    const got = versions.filter((version) => version === '2').length / calls.length
    assert.ok(Math.abs(got - share) < 0.03, `${got} of the calls, not ${share}`)
    const again = calls.map((call) => catalogue.get('doubler', { call }).version)
    assert.deepEqual(again, versions)
  }
  const steady = catalogueWith(null)
  assert.ok(calls.every((call) => steady.get('doubler', { call }).version === '1'))
})

test('a version is had by its number, an unknown one is refused with those that there are', () => {
  const catalogue = catalogueWith({ version: '2', share: 0.1 })
  assert.equal(catalogue.get('doubler', { version: '2' }).model.manifest.id, 'doubler@2')
  assert.equal(catalogue.get('doubler').version, '1')
  assert.throws(() => catalogue.get('doubler', { version: '3' }), {
    code: 'MODEL_NOT_FOUND',
    message: /has no version '3' here; it has 1, 2/,
  })
  assert.throws(() => catalogue.get('alone', { version: '2' }), { code: 'MODEL_NOT_FOUND' })
  assert.deepEqual(
    catalogue.list().map(({ name, version }) => [name, version]),
    [
      ['alone', '1'],
      ['doubler', '1'],
    ],
  )
})
