import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import type { PrivateKeyAccount } from 'viem'
import { accounts } from '../testing/test-genesis.ts'
import { openTestNode } from '../testing/test-node.ts'

const [alice] = accounts as [PrivateKeyAccount]
const infinity = `c0${'0'.repeat(94)}`
const zero = '0'.repeat(64)
const precompile = (index: number): Hex => `0x${index.toString(16).padStart(40, '0')}`

test('the point evaluation of EIP-4844 accepts a true opening and refuses a false one', async () => {
  await using node = await openTestNode()
  const digest = createHash('sha256').update(Buffer.from(infinity, 'hex')).digest('hex')
  const open = (y: string) =>
    node.execution.call(
      {
        to: precompile(10),
        input: `0x01${digest.slice(2)}${zero}${y}${infinity}${infinity}`,
        gas: 100_000n,
      },
      { blockHash: node.head.hash },
    )
  const { returnData, failure } = await open(zero)
  assert.equal(failure, null)
  const [fieldElements, modulus] = [returnData.slice(2, 66), returnData.slice(66)]
  assert.equal(BigInt(`0x${fieldElements}`), 4096n)
  assert.equal(modulus, '73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001')
  assert.notEqual((await open(`${zero.slice(1)}1`)).failure, null)
})

test('no call of any precompile, whatever its input, keeps a block from being made', async () => {
  await using node = await openTestNode()
  const inputs: Hex[] = ['0x', '0x00', `0x${'ff'.repeat(192)}`, `0x${'01'.repeat(384)}`]
  let nonce = 0
  for (let index = 1; index <= 20; index++)
    for (const data of inputs) {
      await node.send(alice, { to: precompile(index), data, nonce, gas: 400_000n })
      nonce += 1
    }
  let mined = 0
  while (mined < nonce) {
    const { receipts } = await node.mine()
    assert.ok(receipts.length > 0)
    mined += receipts.length
  }
})
