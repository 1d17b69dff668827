import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { type MemoryDisk, openMemoryLog } from './memory-log.ts'
import { openSignGuard, type Statement } from './sign-guard.ts'

const [red, blue] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const id: Hex = `0x${'aa'.repeat(32)}`
const slot: Statement = { height: 5, round: 1, kind: 'prevote', id, validRound: -1 }
const signature = (): Promise<Hex> => Promise.resolve('0xabcd')
const mustNotSign = () => Promise.reject(new Error('signed again'))
const conflict = { code: 'CONFLICTING_SIGNATURE' }

async function openSigned(): Promise<{ disk: MemoryDisk }> {
  const disk: MemoryDisk = { durable: [] }
  const guard = await openSignGuard(openMemoryLog(disk))
  await guard.sign(slot, red, signature)
  await guard.flush()
  return { disk }
}

describe('a sign guard', () => {
  it('gives the stored signature again, also after a restart', async () => {
    const guard = await openSignGuard(openMemoryLog((await openSigned()).disk))
    assert.equal(await guard.sign(slot, red, mustNotSign), '0xabcd')
  })

  it('refuses something else in the same place', async () => {
    const guard = await openSignGuard(openMemoryLog((await openSigned()).disk))
    await assert.rejects(guard.sign(slot, blue, signature), conflict)
  })

  it('refuses to go back', async () => {
    const guard = await openSignGuard(openMemoryLog((await openSigned()).disk))
    for (const back of [{ height: 4 }, { round: 0 }, { kind: 'proposal' as const }])
      await assert.rejects(guard.sign({ ...slot, ...back }, red, signature), conflict)
    for (const on of [{ kind: 'precommit' as const }, { round: 2, validRound: 1 }, { height: 6 }])
      assert.equal(await guard.sign({ ...slot, ...on }, blue, signature), '0xabcd')
  })

  it('refuses to forget a lock that the log has lost, until a proof of lock from there on comes', async () => {
    const disk: MemoryDisk = { durable: [] }
    const before = await openSignGuard(openMemoryLog(disk))
    await before.sign({ ...slot, kind: 'precommit' }, red, signature)
    await before.flush()
    const guard = await openSignGuard(openMemoryLog(disk))
    const later = { ...slot, round: 2 }
    for (const validRound of [-1, 0])
      await assert.rejects(guard.sign({ ...later, validRound }, blue, signature), conflict)
    assert.equal(await guard.sign({ ...later, id: null }, blue, signature), '0xabcd')
    const proven = { ...slot, round: 3, validRound: 1 }
    assert.equal(await guard.sign(proven, blue, signature), '0xabcd')
    assert.equal(await guard.sign({ ...slot, height: 6 }, blue, signature), '0xabcd')
  })

  it('knows what it signed at a height, after a restart and until the height is over', async () => {
    const guard = await openSignGuard(openMemoryLog((await openSigned()).disk))
    await guard.sign({ ...slot, kind: 'precommit', id: null }, blue, signature)
    const said = guard.signedAt(5).map((entry) => [entry.kind, entry.id, entry.validRound])
    assert.deepEqual(said, [
      ['prevote', id, -1],
      ['precommit', null, -1],
    ])
    await guard.advance(6)
    assert.deepEqual(guard.signedAt(5), [])
  })

  it('is not bound by a precommit for nil', async () => {
    const guard = await openSignGuard(openMemoryLog({ durable: [] }))
    await guard.sign({ ...slot, kind: 'precommit', id: null }, red, signature)
    assert.equal(await guard.sign({ ...slot, round: 2 }, blue, signature), '0xabcd')
  })

  it('stays small, and remembers where it was', async () => {
    const disk: MemoryDisk = { durable: [] }
    const guard = await openSignGuard(openMemoryLog(disk))
    for (let height = 1; height <= 5000; height++) {
      await guard.sign({ ...slot, height }, red, signature)
      await guard.flush()
      await guard.advance(height + 1)
    }
    assert.ok(disk.durable.length < 4200)
    const later = await openSignGuard(openMemoryLog(disk))
    await assert.rejects(later.sign({ ...slot, height: 4000 }, blue, signature), conflict)
    await assert.rejects(later.sign({ ...slot, height: 5000 }, blue, signature), conflict)
  })
})
