import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import type { Tracer } from '../interface.ts'
import { accounts, chainId } from '../testing/test-genesis.ts'
import { openTestNode } from '../testing/test-node.ts'

const [alice, bob] = accounts
assert.ok(alice && bob)

/** Init code that returns `runtime`. */
const deploying = (runtime: string): Hex => {
  const size = (runtime.length / 2).toString(16).padStart(4, '0')
  return `0x61${size}600e60003961${size}6000f3${runtime}`
}
const gas = 300_000n

test('a contract is created, stores, logs, and its code and storage can be read', async () => {
  await using node = await openTestNode()
  // sstore(1, calldataload(0)); mstore(0, 42); log1(0, 32, 7); return(0, 32)
  const runtime = '600035600155602a60005260076020' + '6000a160206000f3'
  await node.send(alice, { data: deploying(runtime), gas, value: 0n })
  const { receipts } = await node.mine()
  const address = receipts[0]?.contractAddress
  assert.ok(address)
  await node.send(alice, { to: address, nonce: 1, gas, value: 0n, data: `0x${'00'.repeat(31)}63` })
  const called = (await node.mine()).receipts[0]
  assert.equal(called?.status, 1)
  assert.deepEqual(called.logs, [
    {
      address,
      topics: [`0x${'7'.padStart(64, '0')}`],
      data: `0x${'2a'.padStart(64, '0')}`,
      logIndex: 0,
    },
  ])
  const state = await node.execution.state(node.head.hash)
  assert.equal(await state?.code(address), `0x${runtime}`)
  assert.equal(await state?.storage(address, `0x${'1'.padStart(64, '0')}`), 0x63n)
  const old = await node.execution.state(node.head.parentHash)
  assert.equal(await old?.storage(address, `0x${'1'.padStart(64, '0')}`), 0n, 'old state stays')
})

test('a call shows reverts and faults in words that clients know, and changes nothing', async () => {
  await using node = await openTestNode()
  const blockHash = node.head.hash
  const target: Hex = '0x00000000000000000000000000000000000000cc'
  const run = (code: Hex, limit = 100_000n) =>
    node.execution.call(
      { to: target, gas: limit },
      { blockHash, stateOverrides: { [target]: { code } } },
    )
  const revert = await run(('0x63deadbeef60005260046' + '01cfd') as Hex)
  assert.deepEqual(revert.failure, { kind: 'revert', message: 'execution reverted' })
  assert.equal(revert.returnData, '0xdeadbeef')
  assert.equal((await run('0x5b600056')).failure?.kind, 'out of gas')
  assert.equal((await run('0xfe')).failure?.message, 'invalid opcode: INVALID')
  assert.equal((await run('0x0c')).failure?.message, 'invalid opcode: opcode 0xc not defined')
  assert.equal((await run('0x600056')).failure?.message, 'invalid jump destination')
  assert.match((await run('0x01')).failure?.message ?? '', /^stack underflow/)
  const state = await node.execution.state(blockHash)
  assert.equal(await state?.code(target), '0x')
  await assert.rejects(
    node.execution.call({ from: target, to: alice.address, value: 1n }, { blockHash }),
    { code: 'INVALID_TRANSACTION', message: /insufficient funds/ },
  )
})

test('an endless call lets other work through and ends when it is aborted', async () => {
  await using node = await openTestNode({ callGasCap: 10n ** 12n })
  const target: Hex = '0x00000000000000000000000000000000000000cc'
  const abort = new AbortController()
  const call = node.execution.call(
    { to: target },
    {
      blockHash: node.head.hash,
      stateOverrides: { [target]: { code: '0x5b600056' } },
      signal: abort.signal,
    },
  )
  await node.send(alice, { to: bob.address })
  assert.equal((await node.mine()).receipts.length, 1, 'a block is made meanwhile')
  abort.abort(new Error('enough'))
  await assert.rejects(call, /enough/)
})

test('an account delegates to code and takes it back (EIP-7702)', async () => {
  await using node = await openTestNode()
  // sstore(0, 1)
  await node.send(alice, { data: deploying('6001600055'), gas, value: 0n })
  const code = (await node.mine()).receipts[0]?.contractAddress
  assert.ok(code)
  const authorization = await bob.signAuthorization({ contractAddress: code, chainId, nonce: 0 })
  const fields = { type: 'eip7702', gas, value: 0n } as const
  await node.send(alice, {
    ...fields,
    to: bob.address,
    nonce: 1,
    authorizationList: [authorization],
  })
  assert.equal((await node.mine()).receipts[0]?.status, 1)
  const address = bob.address.toLowerCase() as Hex
  const state = await node.execution.state(node.head.hash)
  assert.equal(await state?.code(address), `0xef0100${code.slice(2)}`)
  assert.equal(await state?.storage(address, `0x${'0'.repeat(64)}`), 1n, 'it ran in the account')
  await node.send(bob, { to: alice.address, nonce: 1 })
  assert.equal((await node.mine()).receipts[0]?.status, 1, 'a delegated account still sends')
  const none: Hex = `0x${'0'.repeat(40)}`
  const back = await bob.signAuthorization({ contractAddress: none, chainId, nonce: 2 })
  await node.send(alice, { ...fields, to: alice.address, nonce: 2, authorizationList: [back] })
  await node.mine()
  assert.equal(await (await node.execution.state(node.head.hash))?.code(address), '0x')
})

test('only a contract that dies in the transaction of its birth disappears (EIP-6780)', async () => {
  await using node = await openTestNode()
  const heir: Hex = '0x00000000000000000000000000000000000000dd'
  const dying = `73${heir.slice(2)}ff`
  await node.send(alice, { data: `0x${dying}`, gas, value: 5n })
  await node.send(alice, { data: deploying(dying), gas, value: 6n, nonce: 1 })
  const { receipts } = await node.mine()
  const [atBirth, later] = receipts.map(({ contractAddress }) => contractAddress ?? heir)
  assert.ok(atBirth && later)
  await node.send(alice, { to: later, gas, value: 0n, nonce: 2 })
  await node.mine()
  const state = await node.execution.state(node.head.hash)
  assert.equal(await state?.account(atBirth), null)
  assert.equal(await state?.code(later), `0x${dying}`)
  assert.equal(await node.balance(later), 0n)
  assert.equal(await node.balance(heir), 11n)
})

test('the history contract and the beacon roots contract know their blocks', async () => {
  await using node = await openTestNode()
  const parent = node.head
  await node.mine()
  await node.mine()
  const blockHash = node.head.hash
  const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`
  const history = await node.execution.call(
    { to: '0x0000f90827f1c53a10cb7a02335b175320002935', input: word(parent.number) },
    { blockHash },
  )
  assert.equal(history.returnData, parent.hash)
  const roots = await node.execution.call(
    { to: '0x000f3df6d732807ef1319fb7b8bb8522d0beac02', input: word(node.head.timestamp) },
    { blockHash },
  )
  assert.equal(roots.returnData, node.head.parentBeaconBlockRoot)
})

test('a traced replay shows every frame and ends as the receipt says', async () => {
  await using node = await openTestNode()
  // create(0, 0, 0); call(gas, 0xdd, 3, 0, 0, 0, 0)
  const runtime = '5f5f5ff0505f5f5f5f600360dd5af1'
  const hash = await node.send(alice, { data: `0x${runtime}`, gas, value: 5n })
  const { receipts } = await node.mine()
  const frames: string[] = []
  const tracer: Tracer = {
    enter: ({ type, value }) => frames.push(`${type} ${value}`),
    exit: ({ error }) => frames.push(`end ${error}`),
  }
  const result = await node.execution.replay(hash, tracer)
  assert.deepEqual(frames, ['CREATE 5', 'CREATE 0', 'end null', 'CALL 3', 'end null', 'end null'])
  assert.equal(result?.gasUsed, receipts[0]?.gasUsed)
})
