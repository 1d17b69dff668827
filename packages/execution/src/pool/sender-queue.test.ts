import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Transaction } from '../interface.ts'
import { SenderQueue } from './sender-queue.ts'

const address = '0x00000000000000000000000000000000000000aa'

function transaction(nonce: number): Transaction {
  const hash: Transaction['hash'] = `0x${nonce.toString(16).padStart(64, '0')}`
  return {
    hash,
    type: 0,
    from: address,
    to: address,
    nonce: BigInt(nonce),
    gas: 21000n,
    gasPrice: 1n,
    value: 0n,
    input: '0x',
    v: 27n,
    r: 1n,
    s: 1n,
    raw: '0x',
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), nonce: fc.nat(12) }),
  fc.record({ kind: fc.constant('remove' as const), nonce: fc.nat(12) }),
  fc.record({ kind: fc.constant('advance' as const), nonce: fc.nat(12) }),
)

test('the count of executable transactions is always that of the run from the account’s nonce', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new SenderQueue(0n)
      for (const { kind, nonce } of steps) {
        if (kind === 'put' && BigInt(nonce) >= queue.nonce) queue.put(transaction(nonce))
        if (kind === 'remove') queue.remove(transaction(nonce))
        if (kind === 'advance') queue.advance(BigInt(nonce))
        const nonces = new Set(queue.all.map((one) => one.nonce))
        let run = 0
        while (nonces.has(queue.nonce + BigInt(run))) run++
        assert.equal(queue.pendingCount, run)
        assert.equal(queue.nextNonce, queue.nonce + BigInt(run))
      }
    }),
  )
})
