import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipGroup } from './ip-gate.ts'
import { Reputation } from './reputation.ts'
import { TokenBucket } from './token-bucket.ts'

test('addresses of one host or one IPv6 network count together', () => {
  assert.equal(ipGroup('192.0.2.7'), '192.0.2.7')
  assert.equal(ipGroup('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(ipGroup('2001:db8:0:1::5'), ipGroup('2001:0db8:0000:0001:ffff::'))
  assert.notEqual(ipGroup('2001:db8:0:1::5'), ipGroup('2001:db8:0:2::5'))
  assert.equal(ipGroup('::1'), '0:0:0:0::/64')
})

test('a bucket gives its burst, then its rate', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 1, nowMs: 0 })
  assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(0)], [true, true, false])
  assert.deepEqual([bucket.take(999), bucket.take(1_000), bucket.take(1_000)], [false, true, false])
  assert.equal(bucket.isFull(60_000), true)
})

test('offences add up to a ban that ends, and time heals what was less', () => {
  let now = 1_000_000
  const reputation = new Reputation(60_000, () => now)
  for (let count = 0; count < 3; count++) assert.equal(reputation.report('p', 'invalid'), false)
  assert.equal(reputation.scoreOf('p'), -75)
  now += 600_000
  assert.equal(reputation.scoreOf('p'), -37.5)
  for (let count = 0; count < 3; count++) reputation.report('p', 'invalid')
  assert.ok(reputation.isBanned('p'))
  now += 60_001
  assert.equal(reputation.isBanned('p'), false)
  assert.equal(reputation.bans.size, 0)
})

test('a ban read from a file cannot last longer than a new one', () => {
  const reputation = new Reputation(60_000, () => 0)
  reputation.ban('p', Number.MAX_SAFE_INTEGER)
  assert.equal(reputation.bans.get('p'), 60_000)
})

test('strangers cannot fill the memory of scores', () => {
  const reputation = new Reputation(60_000, () => 0)
  for (let index = 0; index < 5_000; index++) reputation.report(`p${index}`, 'useless')
  assert.equal(reputation.scoreOf('p0'), 0)
  assert.equal(reputation.scoreOf('p4999'), -2)
})
