import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFutureMessages } from './future-messages.ts'

describe('messages of later heights', () => {
  it('come out when their height starts, once', () => {
    const future = createFutureMessages<string>()
    future.take(5)
    future.add(6, 'ann', 'first')
    future.add(7, 'ann', 'second')
    future.add(5, 'ann', 'of this height')
    future.add(8, 'ann', 'too far')
    assert.deepEqual(future.take(6), ['first'])
    assert.deepEqual(future.take(6), [])
    assert.deepEqual(future.take(7), ['second'])
    assert.deepEqual(future.take(8), [])
  })

  it('of a flooding sender do not crowd out the others', () => {
    const future = createFutureMessages<number>({ perSender: 3 })
    future.take(1)
    for (let index = 0; index < 1000; index++) future.add(2, 'ann', index)
    future.add(2, 'bob', 7)
    assert.deepEqual(future.take(2), [0, 1, 2, 7])
  })

  it('are kept once, however often a peer repeats them: it cannot use up the place of their sender', () => {
    const future = createFutureMessages<string>({ perSender: 2, keyOf: (message) => message })
    future.take(1)
    for (let index = 0; index < 1000; index++) future.add(2, 'ann', 'the same')
    future.add(2, 'ann', 'another')
    assert.deepEqual(future.take(2), ['the same', 'another'])
  })

  it('give way to a fuller copy, in the same place', () => {
    const future = createFutureMessages<string>({
      perSender: 3,
      weigh: (message) => message.length,
      keyOf: (message) => message[0],
      prefers: (fresh, kept) => fresh.length > kept.length,
    })
    future.take(1)
    future.add(2, 'ann', 'a')
    assert.ok(future.wants(2, 'ann', 'aa'))
    future.add(2, 'ann', 'aa')
    assert.ok(!future.wants(2, 'ann', 'a'), 'not back')
    assert.ok(!future.wants(2, 'ann', 'aaaa'), 'too much')
    future.add(2, 'ann', 'b')
    assert.ok(!future.wants(2, 'ann', 'c'), 'no room')
    assert.ok(!future.wants(9, 'bob', 'a'), 'too far')
    assert.deepEqual(future.take(2), ['aa', 'b'])
  })
})
