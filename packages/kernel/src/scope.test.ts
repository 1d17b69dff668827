import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Scope } from './scope.ts'

test('a scope aborts its signal first and then undoes in reverse order', async () => {
  const order: string[] = []
  const scope = new Scope()
  scope.signal.addEventListener('abort', () => order.push('abort'))
  scope.defer(() => void order.push('first'))
  scope.own({
    async [Symbol.asyncDispose]() {
      order.push('second')
    },
  })
  await scope[Symbol.asyncDispose]()
  assert.deepEqual(order, ['abort', 'second', 'first'])
})

test('a cleanup that fails does not keep the others from running', async () => {
  const order: string[] = []
  const scope = new Scope()
  scope.defer(() => void order.push('kept'))
  scope.defer(() => {
    throw new Error('broken')
  })
  await assert.rejects(async () => scope[Symbol.asyncDispose](), { message: 'broken' })
  assert.deepEqual(order, ['kept'])
})
