import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RLP } from '@ethereumjs/rlp'
import { CodedError } from '@quoin/kernel'
import fc from 'fast-check'
import { decodeRlp, EncodedRlp, encodeRlp, type RlpItem } from './rlp.ts'

const { item } = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 6 },
    fc.uint8Array({ maxLength: 80 }),
    fc.array(tie('item'), { maxLength: 5 }),
  ),
}))

/** Views of buffers as what they show. */
function plain(value: RlpItem): unknown {
  return Array.isArray(value) ? value.map(plain) : Buffer.from(value).toString('hex')
}

function refuses(bytes: Uint8Array): void {
  assert.throws(() => decodeRlp(bytes), { code: 'INVALID_ENCODING' })
}

describe('RLP', () => {
  it('is what the reference implementation writes, and comes back', () => {
    fc.assert(
      fc.property(item, (original) => {
        const bytes = encodeRlp(original)
        assert.deepEqual(bytes, RLP.encode(original))
        assert.deepEqual(plain(decodeRlp(bytes)), plain(original))
      }),
    )
  })

  it('takes parts that are encoded already', () => {
    const part = [Uint8Array.of(1, 2), [Uint8Array.of(3)]]
    const inside = encodeRlp([Uint8Array.of(9), new EncodedRlp(encodeRlp(part))])
    assert.deepEqual(inside, encodeRlp([Uint8Array.of(9), part]))
  })

  it('accepts only what it would write itself, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          assert.deepEqual(encodeRlp(decodeRlp(bytes)), bytes)
        } catch (error) {
          assert.ok(error instanceof CodedError && error.code === 'INVALID_ENCODING', `${error}`)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses lengths that are not canonical or lie, and what follows an item', () => {
    for (const hex of [
      '',
      '8101',
      'b800',
      'b90001',
      'f800',
      'c101ff',
      '83',
      'c2c1',
      'bfffffffffffffffff',
    ])
      refuses(Buffer.from(hex, 'hex'))
    refuses(Uint8Array.of(0xb8, 55, ...new Array<number>(55).fill(0)))
  })

  it('refuses deep nests without going down them', () => {
    let nest: RlpItem = []
    for (let depth = 0; depth < 8; depth++) nest = [nest]
    refuses(encodeRlp(nest))
    refuses(new Uint8Array(1_000_000).fill(0xc1))
    refuses(new Uint8Array(1_000_000).fill(0xfa))
  })

  it('refuses what is chopped into tiny items before it takes much memory', () => {
    for (const item of [0x01, 0xc0]) {
      const bytes = new Uint8Array(4_000_004).fill(item)
      bytes.set([0xfa, 0x3d, 0x09, 0x00])
      refuses(bytes)
    }
    const votes = Array.from({ length: 20_000 }, () => new Uint8Array(64).fill(9))
    assert.deepEqual(decodeRlp(encodeRlp(votes)), votes)
  })
})
