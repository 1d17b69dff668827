import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Mailbox } from './mailbox.ts'

describe('a mailbox', () => {
  it('handles one item at a time, in order, also what a handler pushes', async () => {
    const log: string[] = []
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const mailbox = new Mailbox<number>(
      async (item) => {
        log.push(`begin ${item}`)
        if (item < 3) mailbox.push(item + 2)
        await null
        log.push(`end ${item}`)
        if (item === 4) resolve()
      },
      { onFailure: assert.ifError, capacity: 10 },
    )
    mailbox.push(1)
    mailbox.push(2)
    await done
    assert.deepEqual(
      log,
      [1, 2, 3, 4].flatMap((item) => [`begin ${item}`, `end ${item}`]),
    )
  })

  it('drops what comes from outside when it is full, never what it tells itself', async () => {
    const handled: string[] = []
    const mailbox = new Mailbox<string>(async (item) => void handled.push(item), {
      onFailure: assert.ifError,
      capacity: 2,
    })
    const taken = ['a', 'b', 'c'].map((item) => mailbox.offer(item))
    mailbox.push('d')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(taken, [true, true, false])
    assert.deepEqual(handled, ['d', 'a', 'b'], 'its own word comes first')
  })

  it('lets sources take turns, so that a flood delays only itself', async () => {
    const handled: string[] = []
    const mailbox = new Mailbox<string>(async (item) => void handled.push(item), {
      onFailure: assert.ifError,
      capacity: 3,
    })
    for (const item of ['a1', 'a2', 'a3', 'a4']) mailbox.offer(item, 'a')
    for (const item of ['b1', 'b2']) mailbox.offer(item, 'b')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(handled, ['a1', 'b1', 'a2', 'b2', 'a3'])
  })

  it('counts what is heavy as much as it weighs, and always has room for one', async () => {
    const handled: string[] = []
    const mailbox = new Mailbox<string>(async (item) => void handled.push(item), {
      onFailure: assert.ifError,
      capacity: 4,
      weigh: (item) => item.length,
    })
    const taken = ['heavy', 'x', 'y'].map((item) => mailbox.offer(item))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(taken, [true, false, false])
    assert.deepEqual(handled, ['heavy'])
    assert.equal(mailbox.offer('abc'), true, 'what was handled makes room')
    assert.equal(mailbox.offer('d'), true)
    assert.equal(mailbox.offer('e'), false)
  })

  it('stops at the first failure', async () => {
    const failures: unknown[] = []
    const handled: number[] = []
    const mailbox = new Mailbox<number>(
      async (item) => {
        if (item === 2) throw new Error('two')
        handled.push(item)
      },
      { onFailure: (error) => failures.push(error), capacity: 10 },
    )
    for (const item of [1, 2, 2, 3]) mailbox.push(item)
    await new Promise((resolve) => setImmediate(resolve))
    mailbox.push(4)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(handled, [1])
    assert.equal(failures.length, 1)
  })
})
