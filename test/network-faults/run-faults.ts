import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkAgreement, checkFollower } from './check-agreement.ts'
import { Client } from './client.ts'
import { Cluster } from './cluster.ts'
import { grow, heightOf, until } from './rpc.ts'
import { epochBlocks, senders } from './setting.ts'

export interface FaultsOptions {
  readonly validators: number
  /** How long each fault lasts. */
  readonly faultMs: number
  /** How often the whole list of faults is gone through. */
  readonly rounds: number
  readonly say?: (text: string) => void
}

/**
 * Kills, stops, splits and slows validators while clients go on sending, and checks that the network
 * goes on or at least comes back after each, and that nothing was lost or doubled in the end.
 */
export async function runFaults(
  options: FaultsOptions,
): Promise<{ transactions: number; height: number }> {
  const { say = () => {}, rounds } = options
  await using cluster = await Cluster.open(options.validators)
  await grows(cluster, [0, 1, 2, 3], 'the first blocks')
  using stack = new DisposableStack()
  const clients = senders.map((sender, index) =>
    stack.use(new Client(sender, cluster.nodes, index)),
  )
  for (let round = 0; round < rounds; round++)
    for (const [name, fault] of Object.entries(faults)) {
      const from = performance.now()
      await fault(cluster, options)
      say(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s with recovery`)
    }
  await Promise.all(clients.map((client) => client.stop()))
  await checkAgreement(cluster, clients)
  for (const follower of cluster.followers) await checkFollower(follower, cluster)
  const transactions = clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  return { transactions, height: await heightOf(cluster.nodes[0]?.rpcUrl ?? '') }
}

type Fault = (cluster: Cluster, options: FaultsOptions) => Promise<void>

const faults: Record<string, Fault> = {
  async 'kill -9 and restart'(cluster, { faultMs }) {
    const last = cluster.nodes.length - 1
    await cluster.nodes[last]?.kill()
    await grows(cluster, [0, 1, 2], 'blocks without the killed one')
    await sleep(faultMs)
    await cluster.nodes[last]?.start()
    await grows(cluster, [0, last], 'the killed one to come back')
  },

  async 'SIGSTOP and SIGCONT'(cluster, { faultMs }) {
    cluster.nodes[1]?.stop()
    await grows(cluster, [0, 2, 3], 'blocks without the stopped one')
    await sleep(faultMs)
    cluster.nodes[1]?.goOn()
    await grows(cluster, [0, 1], 'the stopped one to come back')
  },

  async 'partition in halves'(cluster, { faultMs, validators }) {
    const wires = cluster.between(
      Array.from({ length: Math.floor(validators / 2) }, (_, index) => index),
    )
    for (const wire of wires) wire.pause()
    // A message already past the wire may still complete one height; after that neither half can.
    await sleep(1_000)
    const before = await Promise.all(cluster.nodes.map(({ rpcUrl }) => heightOf(rpcUrl)))
    await sleep(faultMs)
    const after = await Promise.all(cluster.nodes.map(({ rpcUrl }) => heightOf(rpcUrl)))
    assert.deepEqual(after, before, 'half of the validators decided')
    for (const wire of wires) wire.mend()
    await grows(
      cluster,
      cluster.nodes.map((_, index) => index),
      'the halves to go on together',
    )
  },

  async 'slow links'(cluster, { faultMs }) {
    const wires = cluster.between([0])
    for (const { there, back } of wires)
      for (const way of [there, back]) {
        way.delayMs = 100
        way.bytesPerSecond = 200_000
      }
    await sleep(faultMs)
    await grows(cluster, [0, 1, 2, 3], 'blocks over slow links')
    for (const { there, back } of wires)
      for (const way of [there, back]) {
        way.delayMs = 0
        way.bytesPerSecond = Number.POSITIVE_INFINITY
      }
  },

  async 'all wires cut at once'(cluster) {
    for (const [index] of cluster.nodes.entries())
      for (const wire of cluster.between([index])) wire.cut()
    await grows(cluster, [0, 1, 2, 3], 'the network to knit itself together')
  },

  async 'a new node begins at a snapshot'(cluster) {
    const [first] = cluster.nodes
    assert.ok(first)
    await until('an epoch', async () => (await heightOf(first.rpcUrl)) > epochBlocks + 1)
    const late = await cluster.join()
    await grow([late.rpcUrl, first.rpcUrl], 'blocks at the new node')
  },
}

function grows(cluster: Cluster, indices: readonly number[], what: string): Promise<void> {
  return grow(
    indices.map((index) => cluster.nodes[index]?.rpcUrl ?? ''),
    what,
  )
}
