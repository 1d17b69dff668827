import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { resolveSettings, toFlag, toVariable } from './resolve.ts'

const schema = z.object({
  host: z.string().default('127.0.0.1'),
  gatewayPort: z.coerce.number().int().max(65535).default(8402),
})
const file = { path: 'd/quoin.json', values: { gatewayPort: 3, host: 'file' } }

test('a flag wins over the environment, that over the file, that over the default', () => {
  const env = { QUOIN_GATEWAY_PORT: '2' }
  const all = resolveSettings(schema, { flags: { gatewayPort: '1' }, env, file })
  assert.deepEqual(all.values, { host: 'file', gatewayPort: 1 })
  assert.deepEqual(all.origins.gatewayPort, { kind: 'flag', name: '--gateway-port' })
  assert.equal(resolveSettings(schema, { flags: {}, env, file }).values.gatewayPort, 2)
  assert.equal(resolveSettings(schema, { flags: {}, env: {}, file }).values.gatewayPort, 3)
  const bare = resolveSettings(schema, { flags: {}, env: {}, file: null })
  assert.deepEqual(bare.values, { host: '127.0.0.1', gatewayPort: 8402 })
  assert.deepEqual(bare.origins.host, { kind: 'default', name: null })
})

test('a wrong value is refused with the setting and its source', () => {
  const wrong = { flags: {}, env: { QUOIN_GATEWAY_PORT: '70000' }, file: null }
  assert.throws(() => resolveSettings(schema, wrong), {
    code: 'CONFIG_INVALID',
    message: /gatewayPort \(from QUOIN_GATEWAY_PORT\)/,
  })
  const unknown = { flags: {}, env: {}, file: { path: 'd/quoin.json', values: { port: 1 } } }
  assert.throws(() => resolveSettings(schema, unknown), { message: /no setting 'port'/ })
})

test('a setting has one name in each place', () => {
  assert.equal(toVariable('blockTimeMs'), 'QUOIN_BLOCK_TIME_MS')
  assert.equal(toFlag('blockTimeMs'), '--block-time-ms')
})
