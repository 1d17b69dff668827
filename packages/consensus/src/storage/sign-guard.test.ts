import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { type MemoryDisk, openMemoryLog } from './memory-log.ts'
import { openSignGuard, type SignSlot } from './sign-guard.ts'

const [red, blue] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const slot: SignSlot = { height: 5, round: 1, kind: 'prevote' }
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
    for (const on of [{ kind: 'precommit' as const }, { round: 2 }, { height: 6 }])
      assert.equal(await guard.sign({ ...slot, ...on }, blue, signature), '0xabcd')
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
