import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Logger, silentLogger } from '@quoin/kernel'
import { privateKeyToAccount } from 'viem/accounts'
import { Sender, type SenderClient } from './sender.ts'

const gwei = 10n ** 9n
const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const duty = { what: 'something is done', data: '0x1234' } as const

/** A node whose pool takes everything, and whose blocks take what the test says. */
function openPool() {
  const pool = {
    mined: 0,
    baseFee: 1n * gwei,
    balance: 10n ** 18n,
    isDone: false,
    sent: [] as { nonce?: number; maxFeePerGas?: bigint; maxPriorityFeePerGas?: bigint }[],
    warnings: [] as string[],
  }
  const waiting = () => pool.sent.some(({ nonce }) => nonce === pool.mined)
  const client = {
    account,
    call: async () => {
      if (pool.isDone) throw new Error('execution reverted')
      return {}
    },
    estimateGas: async () => {
      if (pool.balance === 0n) throw new Error('gas required exceeds allowance (0)')
      return 100_000n
    },
    estimateMaxPriorityFeePerGas: async () => gwei,
    getBalance: async () => pool.balance,
    getBlock: async () => ({ baseFeePerGas: pool.baseFee }),
    getTransactionCount: async ({ blockTag }: { blockTag: string }) =>
      pool.mined + (blockTag === 'pending' && waiting() ? 1 : 0),
    sendTransaction: async (transaction: (typeof pool.sent)[number]) => {
      pool.sent.push(transaction)
      return '0x' as const
    },
  }
  const logger: Logger = {
    ...silentLogger,
    warn: (_: unknown, message?: string) => pool.warnings.push(message ?? ''),
  }
  return { pool, sender: new Sender(client as unknown as SenderClient, logger) }
}

describe('a validator’s transactions', () => {
  it('wait for one another, and go again for more when gas has become dearer', async () => {
    const { pool, sender } = openPool()
    assert.equal(await sender.isWaiting(1), false)
    await sender.send(duty, 1)
    assert.deepEqual([pool.sent[0]?.nonce, pool.sent[0]?.maxFeePerGas], [0, 5n * gwei])
    pool.baseFee = 100n * gwei
    assert.equal(await sender.isWaiting(10), true)
    assert.equal(pool.sent.length, 1, 'there is time')
    assert.equal(await sender.isWaiting(11), true)
    const [, second] = pool.sent
    assert.deepEqual([second?.nonce, second?.maxFeePerGas], [0, 402n * gwei])
    pool.baseFee = 1n * gwei
    await sender.isWaiting(21)
    const third = pool.sent[2]
    assert.ok((third?.maxFeePerGas ?? 0n) * 10n >= 402n * gwei * 11n, 'a pool wants a tenth more')
    assert.ok((third?.maxPriorityFeePerGas ?? 0n) * 10n >= 2n * gwei * 11n)
    pool.isDone = true
    await sender.isWaiting(31)
    assert.equal(pool.sent.length, 3, 'somebody else has done it')
    pool.mined = 1
    assert.equal(await sender.isWaiting(32), false)
  })

  it('leave those of the account’s owner alone, and tell of them once', async () => {
    const { pool, sender } = openPool()
    pool.sent.push({ nonce: 0 })
    for (let height = 1; height < 200; height += 3)
      assert.equal(await sender.isWaiting(height), true)
    assert.equal(pool.sent.length, 1)
    assert.match(pool.warnings.join(), /^no block takes a transaction of the validator’s account/)
    assert.equal(pool.warnings.length, 1)
  })

  it('come after those of an owner who goes on paying', async () => {
    const { pool, sender } = openPool()
    for (let height = 1; height <= 10; height++) {
      pool.sent.push({ nonce: pool.mined })
      assert.equal(await sender.isWaiting(height), true, `given way at ${height}`)
      pool.mined++
    }
    pool.sent.push({ nonce: pool.mined })
    assert.equal(await sender.isWaiting(11), false)
    await sender.send(duty, 11)
    assert.equal(pool.sent.at(-1)?.nonce, 11)
    assert.equal(await sender.isWaiting(12), true, 'ours is in the pool')
    pool.mined = 12
    pool.sent.push({ nonce: 12 })
    assert.equal(await sender.isWaiting(13), false, 'and the next may follow')
    assert.deepEqual(pool.warnings, [])
  })

  it('are not sent without coins to pay for them, which is told seldom', async () => {
    const { pool, sender } = openPool()
    for (let height = 1; height <= 1500; height += 10) {
      pool.balance = height % 20 === 1 ? 0n : 1n
      await sender.send(duty, height)
    }
    assert.equal(pool.sent.length, 0)
    assert.equal(pool.warnings.length, 2)
    pool.balance = 10n ** 18n
    await sender.send(duty, 1501)
    assert.equal(pool.sent.length, 1)
  })
})
