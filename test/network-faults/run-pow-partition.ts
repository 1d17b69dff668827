import assert from 'node:assert/strict'
import { blockAt, checkAgreement } from './check-agreement.ts'
import { Client } from './client.ts'
import { Cluster } from './cluster.ts'
import { LogWatcher } from './log-watcher.ts'
import { PointerWatcher } from './pointer-watcher.ts'
import { until as eventually, heightOf, rpc } from './rpc.ts'
import { powDepths, senders } from './setting.ts'

export interface PowPartition {
  /** Blocks of each side between the split and the healing. */
  blocks: [number, number]
  /** `removed: true` logs that the watchers of the two sides got. */
  removed: [number, number]
  transactions: number
  height: number
}

/** Miners give way to everything else on their machine: when it is busy blocks come late. */
const until = (what: string, isSo: () => Promise<boolean>) => eventually(what, isSo, 150_000)

const main = new URL('./pow-node-main.ts', import.meta.url)

/**
 * Four processes, two of which mine, are split in two while both sides mine and clients of both send; then
 * the wires are mended. All must come to one chain on which every transaction that any side took is once,
 * and those who watched must have been told so in the right order.
 */
export async function runPowPartition(options: {
  /** They are apart until each side has so many blocks of its own. */
  blocksApart: number
  say?: (text: string) => void
}): Promise<PowPartition> {
  const { say = () => {} } = options
  await using cluster = await Cluster.open(4, main)
  const urls = cluster.nodes.map(({ rpcUrl }) => rpcUrl)
  await until('blocks deep enough to be final', async () => {
    const heights = await Promise.all(urls.map(heightOf))
    return heights.every((height) => height > powDepths.finalized + 5)
  })
  say(`${await heightOf(urls[0] ?? '')} blocks`)
  using left = await LogWatcher.open(urls[1] ?? '')
  using right = await LogWatcher.open(urls[3] ?? '')
  using stack = new DisposableStack()
  const pointers = urls.map((url) => stack.use(new PointerWatcher(url)))
  const clients = senders.map((sender, index) => {
    const side = index < 2 ? cluster.nodes.slice(0, 2) : cluster.nodes.slice(2)
    return stack.use(new Client(sender, side, index))
  })
  const blocks = await part(cluster, clients, options.blocksApart)
  say(`apart for ${blocks.join(' and ')} blocks`)
  await heal(urls)
  await Promise.all(clients.map((client) => client.stop()))
  await allMined(clients, urls)
  const height = await heal(urls)
  say(`one chain of ${height} blocks`)
  await checkAgreement(cluster, clients, height)
  for (const watcher of [left, right]) await checkLogs(watcher, clients, urls)
  for (const watcher of pointers) {
    await watcher.stop()
    assert.equal(watcher.problem, null)
    assert.ok(watcher.finalizedHeight > 0)
  }
  const transactions = clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  return { blocks, removed: [left.removed, right.removed], transactions, height }
}

/** Two sides go on alone; the wires are whole again when it resolves. */
async function part(
  cluster: Cluster,
  clients: readonly Client[],
  least: number,
): Promise<[number, number]> {
  const urls = [0, 2].map((index) => cluster.nodes[index]?.rpcUrl ?? '')
  const wires = cluster.between([0, 1])
  for (const wire of wires) wire.cut({ stay: true })
  const before = await Promise.all(urls.map(heightOf))
  const sent = clients.map(({ acknowledged }) => acknowledged.length)
  // The next is sent when the last is in a block.
  await until('transactions of all clients', async () =>
    clients.every(({ acknowledged }, index) => acknowledged.length >= (sent[index] ?? 0) + 3),
  )
  await until('blocks of both sides', async () => {
    const [left = 0, right = 0] = await Promise.all(urls.map(heightOf))
    return left >= (before[0] ?? 0) + least && right >= (before[1] ?? 0) + least
  })
  const after = await Promise.all(urls.map(heightOf))
  for (const wire of wires) wire.mend()
  return [(after[0] ?? 0) - (before[0] ?? 0), (after[1] ?? 0) - (before[1] ?? 0)]
}

/** Waits until all have the same block, three below the heads, above the highest head of now. */
async function heal(urls: readonly string[]): Promise<number> {
  const target = Math.max(...(await Promise.all(urls.map(heightOf)))) + 3
  await until(`one block at ${target}`, async () => {
    const heights = await Promise.all(urls.map(heightOf))
    if (heights.some((height) => height < target + 3)) return false
    const blocks = await Promise.all(urls.map((url) => blockAt(url, target)))
    return new Set(blocks.map(({ hash }) => hash)).size === 1
  })
  return target
}

/** A receipt may be gone again with the block that it was of: what comes back to a pool is mined again. */
async function allMined(clients: readonly Client[], urls: readonly string[]): Promise<void> {
  for (const hash of clients.flatMap(({ acknowledged }) => acknowledged))
    for (const url of urls)
      await until(`the transaction ${hash} on ${url}`, async () => {
        return (await rpc(url, 'eth_getTransactionReceipt', [hash])) !== null
      })
}

/** A watcher's logs that hold are those of the chain, and none of a client's transactions is missing. */
async function checkLogs(
  watcher: LogWatcher,
  clients: readonly Client[],
  [url = '']: readonly string[],
): Promise<void> {
  assert.equal(watcher.problem, null)
  const { holding } = watcher
  for (const { blockNumber, blockHash, transactionHash } of holding) {
    const block = await blockAt(url, blockNumber)
    assert.equal(block.hash, blockHash, `the log of ${transactionHash}`)
    assert.ok(block.transactions.includes(transactionHash))
  }
  const seen = new Set(holding.map(({ transactionHash }) => transactionHash))
  for (const { acknowledged } of clients)
    for (const hash of acknowledged) assert.ok(seen.has(hash), `no log of ${hash}`)
}
