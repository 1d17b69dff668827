import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Evidence, Vote } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { openEvidencePool } from './evidence-pool.ts'
import { type MemoryDisk, openMemoryLog } from './memory-log.ts'

const hex = (byte: string, size: number): Hex => `0x${byte.repeat(size)}`

function vote(validator: Hex, height: number, change: Partial<Vote> = {}): Vote {
  const signature = hex('11', 65)
  const content = { kind: 'prevote', height, round: 0, id: null, validRound: -1 } as const
  return { ...content, validator, signature, ...change }
}

function duplicate(validator: Hex, height: number): Evidence {
  const second = vote(validator, height, { id: hex('aa', 32) })
  return { kind: 'duplicate-vote', first: vote(validator, height), second }
}

function amnesia(validator: Hex, height: number): Evidence {
  const id = hex('aa', 32)
  const precommit = vote(validator, height, { kind: 'precommit', id })
  return { kind: 'amnesia', precommit, prevote: vote(validator, height, { id, round: 2 }) }
}

const ann = hex('a1', 20)

describe('a pool of evidence', () => {
  it('gives back after a restart what it took, each lie once', async () => {
    const disk: MemoryDisk = { durable: [] }
    const pool = openEvidencePool(openMemoryLog(disk))
    const taken: boolean[] = []
    for (const evidence of [duplicate(ann, 1), duplicate(ann, 1), amnesia(ann, 1)])
      taken.push(await pool.add(evidence))
    assert.deepEqual(taken, [true, false, true])
    const again = openEvidencePool(openMemoryLog(disk))
    assert.deepEqual(again.list(), [duplicate(ann, 1), amnesia(ann, 1)])
    assert.equal(await again.add(amnesia(ann, 1)), false)
  })

  it('forgets, also on the disk, what is too old to convict', async () => {
    const disk: MemoryDisk = { durable: [] }
    const pool = openEvidencePool(openMemoryLog(disk), 100)
    await pool.add(duplicate(ann, 5))
    await pool.add(duplicate(ann, 50))
    await pool.age(105)
    assert.equal(pool.list().length, 2)
    await pool.age(106)
    assert.deepEqual(pool.list(), [duplicate(ann, 50)])
    assert.equal(openEvidencePool(openMemoryLog(disk), 100).list().length, 1)
  })

  it('does not grow because one validator lies without end', async () => {
    const pool = openEvidencePool(null)
    for (let height = 1; height < 5000; height++) await pool.add(duplicate(ann, height))
    assert.ok(pool.list().length < 10)
    assert.equal(
      await pool.add(duplicate(hex('b2', 20), 1)),
      true,
      'nor is there no room for others',
    )
  })
})
