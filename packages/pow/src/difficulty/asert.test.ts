import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { asertTarget } from './asert.ts'

const published = { blockTime: 600n, halfLife: 172_800n, maxTarget: fromCompact(0x1d00ffff) }

/** Bitcoin's floating form of a target: three bytes of mantissa, one of exponent. */
function fromCompact(compact: number): bigint {
  const size = compact >>> 24
  const word = BigInt(compact & 0x007fffff)
  return size <= 3 ? word >> BigInt(8 * (3 - size)) : word << BigInt(8 * (size - 3))
}

function toCompact(target: bigint): number {
  let size = Math.ceil(target.toString(2).length / 8)
  let word = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)))
  if (word & 0x00800000) {
    word >>= 8
    size += 1
  }
  return word + size * 2 ** 24
}

describe('ASERT', () => {
  it('gives the targets of the published test vectors, bit by bit', () => {
    const file = join(import.meta.dirname, '../../fixtures/aserti3-2d.txt')
    let anchor = { height: 0n, time: 0n, target: 0n }
    let checked = 0
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const words = line.split(' ')
      if (words[0] === 'run') {
        const [, height = '', time = '', bits = ''] = words
        anchor = {
          height: BigInt(height),
          time: BigInt(time),
          target: fromCompact(Number(bits)),
        }
      } else if (/^\d/.test(line)) {
        const [height = '', time = '', bits = ''] = words
        const target = asertTarget(BigInt(time) - anchor.time, BigInt(height) - anchor.height, {
          ...published,
          anchorTarget: anchor.target,
        })
        assert.equal(toCompact(target), Number(bits), line)
        checked += 1
      }
    }
    assert.ok(checked > 250, `${checked} vectors`)
  })

  it('doubles the target for every half-life behind schedule, and stays within its limits', () => {
    const anchorTarget = 1n << 200n
    const options = { anchorTarget, maxTarget: 1n << 250n, blockTime: 1000n, halfLife: 60_000n }
    assert.equal(asertTarget(1000n, 0n, options), anchorTarget)
    assert.equal(asertTarget(61_000n, 0n, options), anchorTarget * 2n)
    assert.equal(asertTarget(1000n, 60n, options), anchorTarget / 2n)
    assert.equal(asertTarget(10n ** 18n, 0n, options), 1n << 250n)
    assert.equal(asertTarget(0n, 10n ** 15n, options), 1n)
  })

  it('never gets harder with more time nor easier with more blocks', () => {
    const options = {
      anchorTarget: 1n << 220n,
      maxTarget: 1n << 250n,
      blockTime: 1000n,
      halfLife: 60_000n,
    }
    const span = fc.bigInt({ min: 0n, max: 10_000_000n })
    fc.assert(
      fc.property(span, span, span, (time, height, more) => {
        const target = asertTarget(time, height, options)
        assert.ok(asertTarget(time + more, height, options) >= target)
        assert.ok(asertTarget(time, height + more, options) <= target)
      }),
    )
  })
})
