import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { encodePowBlock } from '../block.ts'
import { findDisagreement, findWrong } from './invariants.ts'
import { createPowNetwork, type SimulatedNode } from './pow-network.ts'

export interface PowSimulation {
  /** What is wrong; null when nothing is. The same seed gives the same. */
  failure: string | null
  height: number
  deepestReorganization: number
  restarts: number
  transactions: number
  /** What happened, in order. */
  faults: string[]
}

type Network = ReturnType<typeof createPowNetwork>

interface Run {
  net: Network
  nodes: SimulatedNode[]
  /** Every transaction that a client sent, with the node that took it. */
  sent: Map<Hex, number>
  faults: string[]
  deepest: number
  restarts: number
}

const minute = 60_000

/**
 * Runs a few miners through an hour of a bad network that the seed chooses: partitions with deep
 * reorganizations, crashes, lying clocks, steps of the hash rate, floods of invalid blocks, lost messages.
 * Then all must be on one heaviest chain that follows the rules, with no transaction lost or doubled.
 */
export async function simulatePow(seed: number): Promise<PowSimulation> {
  const net = createPowNetwork(seed, { loss: (seed % 3) * 0.05 })
  const run: Run = { net, nodes: [], sent: new Map(), faults: [], deepest: 0, restarts: 0 }
  const size = 3 + Math.floor(net.random() * 3)
  for (let index = 0; index < size; index++) {
    const skewMs = (net.random() - 0.5) * 4000
    run.nodes.push(await net.openNode(`node${index}`, { hashesPerSecond: 1000 / size, skewMs }))
  }
  let failure: string | null = null
  try {
    for (let step = 0; step < 12; step++) await disturb(run)
    failure = await settle(run)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { height } = run.nodes[0]?.engine.status ?? { height: 0 }
  noteDepths(run)
  for (const node of run.nodes) node.crash()
  return {
    failure,
    height,
    deepestReorganization: run.deepest,
    restarts: run.restarts,
    transactions: run.sent.size,
    faults: run.faults,
  }
}

/** Five minutes with one fault. */
async function disturb(run: Run): Promise<void> {
  const { net, faults } = run
  const { random, clock, network } = net
  const kinds = ['none', 'partition', 'crash', 'hash step', 'flood', 'crash all'] as const
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'none'
  faults.push(kind)
  for (let index = 0; index < 3; index++) send(run)
  if (kind === 'partition') {
    const cut = 1 + Math.floor(random() * (run.nodes.length - 1))
    network.partition((peer) => (Number(peer.slice(4)) < cut ? 0 : 1))
  }
  if (kind === 'crash') await restart(run, [Math.floor(random() * run.nodes.length)])
  if (kind === 'crash all') await restart(run, [...run.nodes.keys()])
  if (kind === 'hash step') step(run, random() < 0.5 ? 10 : 0.1)
  if (kind === 'flood') flood(run)
  await clock.advance(2.5 * minute)
  for (let index = 0; index < 3; index++) send(run)
  await clock.advance(2.5 * minute)
  network.heal()
}

function send({ net, nodes, sent }: Run): void {
  const index = Math.floor(net.random() * nodes.length)
  const transaction = bytesToHex(keccak256(Buffer.from(`transaction ${sent.size}`)))
  sent.set(transaction, index)
  nodes[index]?.execution.add(transaction)
}

async function restart(run: Run, indexes: readonly number[]): Promise<void> {
  const stopped = indexes.map((index) => ({ index, old: run.nodes[index] }))
  noteDepths(run)
  for (const { old } of stopped) old?.crash()
  await run.net.clock.advance(run.net.random() * minute)
  for (const { index, old } of stopped) {
    if (!old) continue
    run.restarts += 1
    const { disk, hasher } = old
    const { hashesPerSecond } = hasher
    run.nodes[index] = await run.net.openNode(old.name, { disk, hashesPerSecond })
  }
}

function step(run: Run, factor: number): void {
  const rate = run.nodes[0]?.hasher.hashesPerSecond ?? 0
  const next = rate * factor
  if (next > 50_000 || next < 5) return
  for (const { hasher } of run.nodes) hasher.hashesPerSecond = next
}

/** Blocks without work, with a changed target, with another body, cut off, and nonsense. */
function flood({ nodes, net }: Run): void {
  const [victim] = nodes
  const good = victim?.tree.block(victim.tree.head.id)
  if (!good) return
  const lies = [
    { ...good, nonce: good.nonce ^ 1n },
    { ...good, header: { ...good.header, target: good.header.target * 2n } },
    { ...good, header: { ...good.header, timeMs: good.header.timeMs + 3_600_000 } },
    { ...good, payload: { ...good.payload, transactions: ['0x01'] as Hex[] } },
  ].map(encodePowBlock)
  for (const node of nodes)
    for (const [index, bytes] of [...lies, ...lies.map((lie) => lie.slice(0, 90))].entries())
      net.network.inject(node.name, bytes, `attacker${index}`)
}

/** Peace for a while; then what must hold is checked. */
async function settle(run: Run): Promise<string | null> {
  const { net, nodes } = run
  net.network.heal()
  for (const { hasher } of nodes) hasher.hashesPerSecond = 1000 / nodes.length
  await net.clock.advance(20 * minute)
  // One miner goes on a little: two heads of equal work are no disagreement, but one more block ends it.
  for (const { hasher } of nodes.toReversed()) {
    await net.clock.advance(minute)
    hasher.hashesPerSecond = 0
    hasher.stop()
  }
  await net.clock.advance(5 * minute)
  return (
    findDisagreement(nodes) ??
    nodes.map((node) => findWrong(node, net.rules)).find((wrong) => wrong !== null) ??
    findLost(run)
  )
}

/** Each transaction is in the chain, or waits at the node that took it. */
function findLost({ nodes, sent }: Run): string | null {
  const [first] = nodes
  const mined = new Set<Hex>()
  for (let height = 1; height <= (first?.tree.head.height ?? 0); height++) {
    const block = first?.engine.blockAt(height)
    for (const transaction of block?.payload.transactions ?? []) mined.add(transaction)
  }
  for (const [transaction, index] of sent)
    if (!mined.has(transaction) && !nodes[index]?.disk.execution.pool.has(transaction))
      return `${transaction} was taken by node${index} and is lost`
  return null
}

function noteDepths(run: Run): void {
  for (const { engine } of run.nodes)
    run.deepest = Math.max(run.deepest, engine.status.deepestReorganization)
}
