import assert from 'node:assert/strict'
import type { Client, Served } from './client.ts'
import { heightOf, rpc, until } from './rpc.ts'
import { senders } from './setting.ts'

/**
 * All nodes hold the same blocks and states up to a height, that of the highest when none is given, and
 * every acknowledged transaction once.
 */
export async function checkAgreement(
  cluster: { readonly nodes: readonly Served[] },
  clients: readonly Client[],
  height?: number,
): Promise<void> {
  const urls = cluster.nodes.map(({ rpcUrl }) => rpcUrl)
  const target = height ?? Math.max(...(await Promise.all(urls.map(heightOf))))
  await until(`all nodes at height ${target}`, async () => {
    const heights = await Promise.all(urls.map(heightOf))
    return heights.every((height) => height >= target)
  })
  const seen = new Map<string, number>()
  for (let height = 1; height <= target; height++) {
    const blocks = await Promise.all(urls.map((url) => blockAt(url, height)))
    const [first] = blocks
    assert.ok(first)
    for (const block of blocks) assert.deepEqual(block, first, `height ${height}`)
    for (const hash of first.transactions) seen.set(hash, (seen.get(hash) ?? 0) + 1)
  }
  for (const [index, { acknowledged }] of clients.entries()) {
    for (const hash of acknowledged) assert.equal(seen.get(hash), 1, `transaction ${hash}`)
    const sink = senders[index]?.sink
    const balances = await Promise.all(
      urls.map((url) => rpc(url, 'eth_getBalance', [sink, 'latest'])),
    )
    for (const balance of balances) assert.equal(Number(balance), acknowledged.length)
  }
}

/** A node that began at a snapshot has the others' blocks from there on, and none of those before. */
export async function checkFollower(
  follower: Served,
  { nodes: [first] }: { readonly nodes: readonly Served[] },
): Promise<void> {
  assert.ok(first)
  const isThere = async (height: number) =>
    (await rpc(follower.rpcUrl, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) !==
    null
  const target = await heightOf(first.rpcUrl)
  await until(`the new node at height ${target}`, async () => isThere(target))
  let known = 0
  for (let height = target; height > 0 && (await isThere(height)); height--) {
    assert.deepEqual(await blockAt(follower.rpcUrl, height), await blockAt(first.rpcUrl, height))
    known += 1
  }
  assert.ok(known > 2, `${known} blocks`)
}

export async function blockAt(url: string, height: number) {
  const block = await rpc(url, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false])
  assert.ok(typeof block === 'object' && block !== null && 'hash' in block && 'stateRoot' in block)
  assert.ok('transactions' in block && Array.isArray(block.transactions))
  return {
    hash: block.hash,
    stateRoot: block.stateRoot,
    transactions: block.transactions.map(String),
  }
}
