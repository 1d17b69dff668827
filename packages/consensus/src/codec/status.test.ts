import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeRlp } from '@quoin/headers'
import fc from 'fast-check'
import { maxSmallMessageBytes } from './limits.ts'
import { decodeMessage, encodeMessage } from './messages.ts'
import { hasBit, toBitmap } from './status.ts'

describe('bitmaps', () => {
  it('tell who is in them, and nobody beyond their end', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), fc.nat({ max: 60 }), (held, index) => {
        const bitmap = toBitmap(held, (isHeld) => isHeld)
        assert.equal(hasBit(bitmap, index), held[index] ?? false)
      }),
    )
  })

  it('of a thousand validators fit into a status', () => {
    const bitmap = toBitmap(Array.from({ length: 1000 }), () => true)
    const status = {
      height: 2 ** 40,
      parentId: `0x${'aa'.repeat(32)}`,
      round: 1000,
      validRound: 999,
      hasProposal: true,
      prevotes: bitmap,
      precommits: bitmap,
      follows: true,
    } as const
    const bytes = encodeMessage({ type: 'status', status })
    assert.ok(bytes.length < maxSmallMessageBytes)
    assert.deepEqual(decodeMessage(bytes), { type: 'status', status })
  })
})

describe('the limits', () => {
  const invalid = { code: 'INVALID_ENCODING' }

  it('are judged before anything is parsed', () => {
    for (const type of [0, 2])
      assert.throws(() => decodeMessage(new Uint8Array(5000).fill(type)), /No \w+ has 5000 bytes/)
    assert.throws(() => decodeMessage(new Uint8Array(9_000_000).fill(1)), /No proposal has/)
  })

  it('hold for types, rounds and flags', () => {
    assert.throws(() => decodeMessage(new Uint8Array()), invalid)
    assert.throws(() => decodeMessage(Uint8Array.of(9, 0xc0)), invalid)
    const vote = {
      kind: 'prevote',
      height: 1,
      round: 2 ** 32 - 1,
      id: null,
      validRound: -1,
      validator: `0x${'11'.repeat(20)}`,
      signature: `0x${'22'.repeat(65)}`,
    } as const
    assert.throws(() => decodeMessage(encodeMessage({ type: 'vote', vote })), invalid)
    const good = encodeMessage({ type: 'vote', vote: { ...vote, round: 2 ** 32 - 2 } })
    assert.equal(decodeMessage(good).type, 'vote')
    const nest = encodeRlp([[[[[[[[[[]]]]]]]]]])
    assert.throws(() => decodeMessage(Uint8Array.of(1, ...nest)), invalid)
  })
})
