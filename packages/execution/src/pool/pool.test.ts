import assert from 'node:assert/strict'
import { appendFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { encodeRlp } from '../codec/rlp.ts'
import { accounts, chainId, createTestGenesis } from '../testing/test-genesis.ts'
import { createFolder, miner, openTestNode, sign } from '../testing/test-node.ts'

const [alice, bob, carol] = accounts
assert.ok(alice && bob && carol)
const gwei = 1_000_000_000n
const ether = 10n ** 18n

test('what a transaction lacks is said in the words that clients look for', async () => {
  await using node = await openTestNode()
  const { pool } = node.execution
  await node.send(alice, { nonce: 0 })
  await node.mine()
  const cases: [Parameters<typeof sign>[1], string, RegExp][] = [
    [{ nonce: 0 }, 'NONCE_TOO_LOW', /^nonce too low: next nonce 1, tx nonce 0$/],
    [
      { nonce: 1, gas: 20_999n },
      'INTRINSIC_GAS',
      /^intrinsic gas too low: gas 20999, minimum needed 21000$/,
    ],
    [
      { nonce: 1, to: miner, gas: 30_000n, data: `0x${'01'.repeat(300)}` },
      'INTRINSIC_GAS',
      /floor data gas cost/,
    ],
    [{ nonce: 1, gas: 30_000_001n }, 'GAS_LIMIT', /^exceeds block gas limit$/],
    [
      { nonce: 1, value: 1000n * ether },
      'INSUFFICIENT_FUNDS',
      /^insufficient funds for gas \* price \+ value: balance \d+, tx cost \d+, overshot \d+$/,
    ],
    [{ nonce: 1, chainId: 1 }, 'INVALID_SENDER', /have 1 want 31402/],
    [
      { nonce: 1, gas: 3_000_000n, data: `0x${'00'.repeat(49153)}` },
      'OVERSIZED',
      /^max initcode size exceeded: code size 49153, limit 49152$/,
    ],
    [{ nonce: 1, to: miner, data: `0x${'00'.repeat(131072)}` }, 'OVERSIZED', /^oversized data/],
  ]
  for (const [fields, code, message] of cases)
    await assert.rejects(
      sign(alice, fields).then((raw) => pool.add(raw)),
      { code, message },
    )
  // Signed over other fields, so the sender is a stranger: this is found before its balance is.
  const odd = encodeRlp([
    ...[[0x7a, 0xaa], [], [2], [1], [0x52, 0x08]].map((bytes) => Uint8Array.from(bytes)),
    ...[new Uint8Array(20), new Uint8Array(0), new Uint8Array(0), []],
    ...[new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1)],
  ])
  await assert.rejects(pool.add(Buffer.concat([Uint8Array.of(2), odd])), {
    code: 'TIP_ABOVE_FEE_CAP',
    message: 'max priority fee per gas higher than max fee per gas',
  })
  await assert.rejects(pool.add(Uint8Array.of()), { code: 'DECODE' })
  await assert.rejects(pool.add(Uint8Array.of(0x02, 0xc0)), { code: 'DECODE' })
  await assert.rejects(pool.add(Uint8Array.of(0x07, 0xc0)), { code: 'TYPE_NOT_SUPPORTED' })
  const torn = await sign(alice, { nonce: 1 })
  await assert.rejects(pool.add(torn.subarray(0, -1)), { code: 'DECODE' })
  assert.deepEqual(pool.status(), { pending: 0, queued: 0 })
})

test('a fee cap below the base fee waits in the pool but not for a block', async () => {
  await using node = await openTestNode()
  const hash = await node.send(alice, { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n })
  assert.equal((await node.mine()).receipts.length, 0)
  assert.equal(node.execution.pool.get(hash)?.hash, hash)
})

test('a gap in the nonces holds back what follows until it is closed', async () => {
  await using node = await openTestNode()
  const { pool } = node.execution
  const address = alice.address.toLowerCase() as Hex
  const announced: Hex[] = []
  pool.onPending(({ hash }) => announced.push(hash))
  await node.send(alice, { nonce: 0 })
  await node.send(alice, { nonce: 2 })
  await node.send(alice, { nonce: 3 })
  assert.deepEqual(pool.status(), { pending: 1, queued: 2 })
  assert.equal(await pool.nextNonce(address), 1n)
  assert.equal((await node.mine()).receipts.length, 1)
  assert.equal(announced.length, 1)
  await node.send(alice, { nonce: 1 })
  assert.deepEqual(pool.status(), { pending: 3, queued: 0 })
  assert.equal(announced.length, 4, 'those behind the gap are announced when it closes')
  assert.equal(await pool.nextNonce(address), 4n)
  assert.equal((await node.mine()).receipts.length, 3)
})

test('a replacement needs ten percent more of both prices', async () => {
  await using node = await openTestNode()
  const { pool } = node.execution
  const first = await node.send(alice, {
    maxFeePerGas: 100n * gwei,
    maxPriorityFeePerGas: 10n * gwei,
  })
  const underpriced = {
    code: 'REPLACEMENT_UNDERPRICED',
    message: 'replacement transaction underpriced',
  }
  await assert.rejects(
    node.send(alice, { maxFeePerGas: 200n * gwei, maxPriorityFeePerGas: 10n * gwei }),
    underpriced,
  )
  await assert.rejects(
    node.send(alice, { maxFeePerGas: 109n * gwei, maxPriorityFeePerGas: 11n * gwei }),
    underpriced,
  )
  const second = await node.send(alice, {
    maxFeePerGas: 110n * gwei,
    maxPriorityFeePerGas: 11n * gwei,
  })
  assert.equal(pool.get(first), null)
  await assert.rejects(
    sign(alice, { maxFeePerGas: 110n * gwei, maxPriorityFeePerGas: 11n * gwei }).then((raw) =>
      pool.add(raw),
    ),
    { code: 'ALREADY_KNOWN', message: 'already known' },
  )
  assert.equal((await node.mine()).receipts[0]?.transactionHash, second)
})

test('a sender cannot promise more than it has over all its transactions', async () => {
  await using node = await openTestNode()
  await node.send(alice, { value: 60n * ether })
  await assert.rejects(node.send(alice, { nonce: 1, value: 60n * ether }), {
    code: 'INSUFFICIENT_FUNDS',
    message: /queued cost/,
  })
  await node.send(alice, { nonce: 1, value: 30n * ether })
  assert.equal((await node.mine()).receipts.length, 2)
})

test('a full pool drops its cheapest for a better one, and refuses a worse one', async () => {
  await using node = await openTestNode({ poolLimits: { total: 3 } })
  const { pool } = node.execution
  const price = (tip: bigint) => ({ maxFeePerGas: 100n * gwei, maxPriorityFeePerGas: tip * gwei })
  await node.send(alice, price(5n))
  const cheap = await node.send(bob, price(2n))
  await node.send(bob, { ...price(3n), nonce: 1 })
  await assert.rejects(node.send(carol, price(1n)), {
    code: 'UNDERPRICED',
    message: 'txpool is full',
  })
  await node.send(carol, price(4n))
  assert.equal(pool.get(cheap)?.hash, cheap, "a sender's last transaction goes first")
  assert.deepEqual(pool.status(), { pending: 3, queued: 0 })
})

test('transactions wait behind a gap only so long', async () => {
  let nowMs = 0
  await using node = await openTestNode({
    nowMs: () => nowMs,
    poolLimits: { queuedLifetimeMs: 1000 },
  })
  const waiting = await node.send(alice, { nonce: 7 })
  nowMs = 500
  await node.mine()
  assert.ok(node.execution.pool.get(waiting))
  nowMs = 1500
  await node.mine()
  assert.equal(node.execution.pool.get(waiting), null)
})

test('acknowledged transactions are there after a restart, also behind a torn journal', async () => {
  await using folder = await createFolder()
  const journal = join(folder.path, 'transactions')
  const hashes: Hex[] = []
  {
    await using node = await openTestNode({ dataDir: folder.path })
    await node.send(bob, {})
    await node.mine()
    for (const nonce of [0, 1, 5]) hashes.push(await node.send(alice, { nonce }))
  }
  await appendFile(journal, Uint8Array.of(0, 0, 0, 99, 1, 2, 3))
  {
    await using node = await openTestNode({ dataDir: folder.path })
    assert.deepEqual(node.execution.pool.status(), { pending: 2, queued: 1 })
    for (const hash of hashes) assert.ok(node.execution.pool.get(hash))
    hashes.push(await node.send(alice, { nonce: 2 }))
  }
  await truncate(journal, 40)
  await using node = await openTestNode({ dataDir: folder.path })
  assert.deepEqual(node.execution.pool.status(), { pending: 0, queued: 0 })
})

test('consensus is told when there is something for a block', async () => {
  await using node = await openTestNode()
  const abort = new AbortController()
  const { execution } = node
  let isTold = false
  const told = execution.pendingTransactions({ signal: abort.signal }).then(() => {
    isTold = true
  })
  await node.send(alice, { nonce: 1 })
  await node.send(bob, { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n })
  await Promise.resolve()
  assert.equal(isTold, false, 'neither a gap nor too low a fee is something')
  await node.send(alice, { nonce: 0 })
  await told
  await node.mine()
  const waiting = execution.pendingTransactions({ signal: abort.signal })
  abort.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
})

test('a transaction whose sender was emptied leaves the pool', async () => {
  const spender = '0x00000000000000000000000000000000000000e0'
  // Delegated to: sends all that the account has to 0xdd.
  const drain: Hex = '0x5f5f5f5f4760dd5af100'
  const genesis = createTestGenesis({ [spender]: { nonce: '0x1', code: drain } })
  await using node = await openTestNode({ genesis })
  const authorization = await bob.signAuthorization({ contractAddress: spender, chainId, nonce: 0 })
  const fields = { type: 'eip7702', gas: 300_000n, value: 0n, to: bob.address } as const
  const left = await node.send(bob, { nonce: 1 })
  await node.send(alice, { ...fields, authorizationList: [authorization] })
  assert.equal((await node.mine()).receipts.length, 1)
  assert.equal(await node.balance(bob.address), 0n)
  assert.equal(node.execution.pool.get(left), null)
})

test('a transaction that the next fork forbids leaves the pool once a block could not use it', async () => {
  const genesis = createTestGenesis()
  const blobSchedule = {
    cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
    prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
    osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
  }
  const config = { ...genesis.config, osakaTime: 2, blobSchedule }
  await using node = await openTestNode({ genesis: { ...genesis, config } })
  await node.mine()
  const large = await node.send(alice, { gas: 20_000_000n })
  assert.equal((await node.mine()).receipts.length, 0, 'Osaka limits the gas of one transaction')
  assert.equal(node.execution.pool.get(large), null)
  await assert.rejects(node.send(alice, { gas: 20_000_000n }), {
    code: 'GAS_LIMIT',
    message: /gas limit too high/,
  })
})

test('a full pool gives up first what waits behind a gap, however much it offers', async () => {
  await using node = await openTestNode({ poolLimits: { total: 2 } })
  const rich = { maxFeePerGas: 100n * gwei, maxPriorityFeePerGas: 50n * gwei }
  const waiting = await node.send(alice, { ...rich, nonce: 9 })
  await node.send(bob, {})
  await node.send(carol, {})
  assert.equal(node.execution.pool.get(waiting), null)
  await assert.rejects(node.send(alice, { ...rich, nonce: 9 }), { code: 'UNDERPRICED' })
  assert.deepEqual(node.execution.pool.status(), { pending: 2, queued: 0 })
})
