import assert from 'node:assert/strict'
import type { Hex } from '@quoin/kernel'
import type { Acknowledged } from './load.ts'
import { call } from './rpc.ts'
import { counter, fortune, senders, sinks } from './test-genesis.ts'

interface Block {
  number: Hex
  hash: Hex
  parentHash: Hex
  timestamp: Hex
  miner: Hex
  baseFeePerGas: Hex
  gasUsed: Hex
  transactions: { hash: Hex; to: Hex }[]
}

/** A transaction that was acknowledged is where it was. */
export async function verifyAcknowledged(
  url: string,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  for (const { hash, blockHash } of acknowledged) {
    const receipt = await call<{ blockHash: Hex } | null>(url, 'eth_getTransactionReceipt', [hash])
    assert.equal(receipt?.blockHash, blockHash, `transaction ${hash} is where it was seen`)
  }
}

/**
 * The whole chain: blocks hang together, every acknowledged transaction is in it once, no coin was
 * made or lost, and the contract counted the calls that are in blocks.
 */
export async function verifyChain(
  url: string,
  acknowledged: readonly Acknowledged[],
): Promise<{ height: number; transactions: number }> {
  const head = await call<Block>(url, 'eth_getBlockByNumber', ['latest', false])
  const found = new Map<Hex, Hex>()
  const miners = new Set<Hex>()
  let burnt = 0n
  let calls = 0n
  let parent: Block | undefined
  for (let number = 0n; number <= BigInt(head.number); number++) {
    const block = await call<Block>(url, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, true])
    if (parent) {
      assert.equal(block.parentHash, parent.hash, `block ${number} follows its parent`)
      assert.ok(BigInt(block.timestamp) >= BigInt(parent.timestamp), `time of block ${number}`)
    }
    for (const { hash, to } of block.transactions) {
      assert.ok(!found.has(hash), `transaction ${hash} is there once`)
      found.set(hash, block.hash)
      if (to === counter) calls += 1n
    }
    burnt += BigInt(block.baseFeePerGas) * BigInt(block.gasUsed)
    miners.add(block.miner)
    parent = block
  }
  for (const { hash, blockHash } of acknowledged)
    assert.equal(found.get(hash), blockHash, `acknowledged transaction ${hash} is in its block`)
  let sum = burnt
  for (const account of [...senders.map(({ address }) => address), ...sinks, ...miners])
    sum += BigInt(await call<Hex>(url, 'eth_getBalance', [account, head.number]))
  assert.equal(sum, fortune * BigInt(senders.length), 'no coin was made or lost')
  const counted = await call<Hex>(url, 'eth_getStorageAt', [counter, '0x0', head.number])
  assert.equal(BigInt(counted), calls, 'the contract counted every call')
  return { height: Number(head.number), transactions: found.size }
}
