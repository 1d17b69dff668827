import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ChainPlan,
  type MadeChain,
  type Member,
  makeChain,
  member,
} from '../test-support/made-chain.ts'
import type { LightBlock } from './light-block.ts'
import { blockToPoint, type HeaderRules, judgeHeader, signersOf } from './verify-header.ts'

/** So large that a floating-point sum would lose the last unit. */
const share = 10n ** 30n

function blockOf(chain: MadeChain, height: number): LightBlock {
  const block = chain.blocks[height - 1]
  assert.ok(block)
  return block
}

function judge(chain: MadeChain, [from, to]: [number, number], rules: Partial<HeaderRules> = {}) {
  const { domain, endMs } = chain
  return judgeHeader(blockToPoint(blockOf(chain, from)), blockOf(chain, to), {
    domain,
    trustingPeriodMs: 3_600_000,
    maxClockDriftMs: 1000,
    nowMs: endMs,
    signersOf: (block) => signersOf(block, domain),
    ...rules,
  })
}

function make(plan: Partial<ChainPlan> & Pick<ChainPlan, 'setAt'>): MadeChain {
  return makeChain({ length: 20, ...plan })
}

/** From height 10 on, one member of the old set stands among strangers. */
function rotated(powers: readonly bigint[]): MadeChain {
  const old = powers.map((power, seed) => member(seed, power))
  const [kept] = old
  assert.ok(kept)
  const fresh = [{ ...kept, power: 1n }, ...[10, 11, 12].map((seed) => member(seed))]
  return make({ setAt: (height) => (height < 10 ? old : fresh) })
}

const unproven = (reason: string) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error && 'detail' in error)
  assert.equal(error.code, 'HEADER_UNPROVEN')
  assert.equal((error.detail as { reason: string }).reason, reason)
  return true
}

describe('a jump', () => {
  it('needs more than a third of the trusted power, to the last unit', () => {
    assert.equal(judge(rotated([share, share, share]), [1, 20]), 'unproven')
    assert.equal(judge(rotated([share + 1n, share, share - 1n]), [1, 20]), 'proven')
    assert.equal(judge(rotated([share - 1n, share, share + 1n]), [1, 20]), 'unproven')
  })

  it('costs no signature when nobody trusted is in the set that a server made up', () => {
    const [old, fresh] = [[member(1)], Array.from({ length: 40 }, (_, n) => member(100 + n))]
    const chain = make({ setAt: (height) => (height < 10 ? old : fresh) })
    const verdict = judge(chain, [1, 20], {
      signersOf: () => assert.fail('its signatures were checked'),
    })
    assert.equal(verdict, 'unproven')
  })

  it('goes no further than a block each millisecond can have come', () => {
    const setAt = [member(1)]
    const chain = make({ setAt: () => setAt, stepMs: 1 })
    assert.equal(judge(chain, [1, 20]), 'proven')
    const hurried = make({
      setAt: () => setAt,
      stepMs: 1,
      change: (header) => ({ ...header, timeMs: header.timeMs - (header.height === 20 ? 1 : 0) }),
    })
    assert.throws(() => judge(hurried, [1, 20]), unproven('time'))
  })
})

describe('a certificate', () => {
  const set = [share, share, share].map((power, seed) => member(seed, power))
  const signedBy = (signers: Member[], setAt = set) =>
    make({ setAt: () => setAt, signersAt: () => signers })

  it('needs more than two thirds of the power, to the last unit', () => {
    assert.throws(() => judge(signedBy(set.slice(0, 2)), [1, 2]), unproven('quorum'))
    const uneven = [share + 1n, share, share - 1n].map((power, seed) => member(seed, power))
    assert.equal(judge(signedBy(uneven.slice(0, 2), uneven), [1, 2]), 'proven')
  })

  it('counts nobody twice, and no stranger', () => {
    const [a, b] = set as [Member, Member, Member]
    assert.throws(() => judge(signedBy([a, b, b]), [1, 2]), unproven('signatures'))
    assert.throws(() => judge(signedBy([a, b, member(9)]), [1, 2]), unproven('signatures'))
  })

  it('holds for the chain and the genesis that its signers meant', () => {
    const chain = signedBy(set)
    for (const change of [{ chainId: 1n }, { genesisId: `0x${'11'.repeat(32)}` as const }]) {
      const domain = { ...chain.domain, ...change }
      const rules = { signersOf: (block: LightBlock) => signersOf(block, domain) }
      assert.throws(() => judge(chain, [1, 2], rules), unproven('signatures'))
    }
  })
})

describe('time', () => {
  const set = [member(1)]
  const chain = make({ setAt: () => set })
  const [first, last] = [blockOf(chain, 1).header.timeMs, blockOf(chain, 20).header.timeMs]

  it('may be ahead of the clock by the drift, and not by a millisecond more', () => {
    assert.equal(judge(chain, [1, 20], { nowMs: last - 1000 }), 'proven')
    assert.throws(() => judge(chain, [1, 20], { nowMs: last - 1001 }), unproven('future'))
  })

  it('ends trust when the period is over, and not before', () => {
    assert.equal(judge(chain, [1, 20], { nowMs: first + 3_600_000 }), 'proven')
    assert.throws(() => judge(chain, [1, 20], { nowMs: first + 3_600_001 }), {
      code: 'TRUST_EXPIRED',
    })
  })
})
