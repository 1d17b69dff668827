import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPrivateKey } from '@quoin/keys'
import { memberOf, parseMember } from './member.ts'

const keysOf = () => ({
  validator: createPrivateKey(),
  provider: createPrivateKey(),
  network: createPrivateKey(),
})
const chainId = 31402
const addresses = ['/dns4/a.example/tcp/30402']

test("a member's file is read as it was written, and tells no secret", () => {
  const keys = keysOf()
  const member = memberOf(keys, { chainId, addresses })
  const text = JSON.stringify(member)
  assert.deepEqual(parseMember(JSON.parse(text), chainId, 'a.json'), member)
  for (const key of Object.values(keys)) assert.ok(!text.includes(Buffer.from(key).toString('hex')))
})

test('a BLS key that the member does not have is refused, whoever else has it', () => {
  const [mine, other] = [keysOf(), keysOf()].map((keys) => memberOf(keys, { chainId }))
  assert.ok(mine && other)
  const { blsPublicKey, proofOfPossession } = other
  for (const forged of [
    { ...mine, blsPublicKey },
    { ...mine, blsPublicKey, proofOfPossession },
    { ...mine, proofOfPossession },
  ])
    assert.throws(() => parseMember(forged, chainId, 'a.json'), {
      code: 'MEMBER_INVALID',
      message: /a\.json/,
    })
})

test('a file for another chain, or with members that nobody knows, is refused', () => {
  const member = memberOf(keysOf(), { chainId })
  assert.throws(() => parseMember(member, 1, 'a.json'), { message: /--chain-id 1/ })
  for (const wrong of [null, {}, { ...member, more: 1 }, { ...member, peerId: '../x' }])
    assert.throws(() => parseMember(wrong, chainId, 'a.json'), { code: 'MEMBER_INVALID' })
})
