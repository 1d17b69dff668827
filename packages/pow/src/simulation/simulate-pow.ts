import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { findDisagreement } from './disagreement.ts'
import { type Fault, faultNames, faults, minute, type Scene } from './faults.ts'
import { findWrong } from './oracle.ts'
import { createPowNetwork, type Mutation, type SimulatedNode } from './pow-network.ts'

export interface PowSimulation {
  /** What is wrong; null when nothing is. The same seed gives the same. */
  failure: string | null
  height: number
  deepestReorganization: number
  /** Nodes that refused a heavier chain because it would have rewritten finalized blocks. */
  refusals: number
  restarts: number
  transactions: number
  /** What happened, in order. */
  faults: Fault[]
}

export interface PowCampaign {
  /** What happens; drawn from the seed when left out. */
  plan?: readonly Fault[]
  /** What all nodes do wrong. */
  mutation?: Mutation
}

interface Run extends Scene {
  mutation: Mutation
  /** Every transaction that a client sent, with the node that took it. */
  sent: Map<Hex, number>
  deepest: number
  restarts: number
}

/**
 * Runs a few miners through half an hour of a bad network that the seed chooses: partitions with deep
 * reorganizations, crashes, lying clocks, steps of the hash rate, nights, forged blocks, floods, lost
 * messages. A witness follows every node all the while. Then all must be on one heaviest chain, and the
 * oracle must find nothing in what they have stored, with no transaction lost or doubled. Of every third
 * seed's network, blocks become final so soon that partitions may leave it split for good.
 */
export async function simulatePow(
  seed: number,
  { plan, mutation = {} }: PowCampaign = {},
): Promise<PowSimulation> {
  const finalizedDepth = seed % 3 === 0 ? 12 : 200
  const net = createPowNetwork(seed, { loss: (seed % 4) * 0.05, finalizedDepth, halvingBlocks: 60 })
  const nodes: SimulatedNode[] = []
  const run: Run = {
    ...{ net, nodes, mutation, sent: new Map(), deepest: 0, restarts: 0 },
    reopen: (index) => reopen(run, index),
  }
  const chosen = plan ?? Array.from({ length: 6 }, () => draw(net.random))
  let failure: string | null = null
  try {
    await openNodes(run)
    for (const fault of chosen) await disturb(run, fault)
    failure = await settle(run)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  noteDepths(run)
  for (const node of nodes) node.crash()
  return {
    failure: net.problems[0] ?? failure,
    height: nodes[0]?.engine.status.height ?? 0,
    deepestReorganization: run.deepest,
    refusals: nodes.filter(({ engine }) => engine.status.refusedFork).length,
    restarts: run.restarts,
    transactions: run.sent.size,
    faults: [...chosen],
  }
}

function draw(random: () => number): Fault {
  return faultNames[Math.floor(random() * faultNames.length)] ?? 'none'
}

async function openNodes({ net, nodes, mutation }: Run): Promise<void> {
  const size = 3 + Math.floor(net.random() * 3)
  for (let index = 0; index < size; index++) {
    const skewMs = (net.random() - 0.5) * 4000
    const hashesPerSecond = 1000 / size
    nodes.push(await net.openNode(`node${index}`, { hashesPerSecond, skewMs, mutation }))
  }
}

/** Five minutes with one fault. */
async function disturb(run: Run, fault: Fault): Promise<void> {
  for (let index = 0; index < 3; index++) send(run)
  await faults[fault](run)
  await pass(run, 2.5 * minute)
  for (let index = 0; index < 3; index++) send(run)
  await pass(run, 2.5 * minute)
  run.net.network.heal()
}

/** Time goes by, until the witness has seen enough. */
async function pass({ net }: Run, durationMs: number): Promise<void> {
  for (let leftMs = durationMs; leftMs > 0 && net.problems.length === 0; leftMs -= 5000)
    await net.clock.advance(5000)
}

function send({ net, nodes, sent }: Run): void {
  const index = Math.floor(net.random() * nodes.length)
  const transaction = bytesToHex(keccak256(Buffer.from(`transaction ${sent.size}`)))
  sent.set(transaction, index)
  nodes[index]?.execution.add(transaction)
}

async function reopen(run: Run, index: number): Promise<void> {
  const old = run.nodes[index]
  if (!old) return
  noteDepths(run)
  run.restarts += 1
  const { disk, hasher, name } = old
  const { hashesPerSecond } = hasher
  const { mutation } = run
  run.nodes[index] = await run.net.openNode(name, { disk, hashesPerSecond, mutation })
}

/** Peace for a while; then what must hold is checked. */
async function settle(run: Run): Promise<string | null> {
  const { net, nodes } = run
  for (const { hasher } of nodes) hasher.hashesPerSecond = 1000 / nodes.length
  await pass(run, 10 * minute)
  // One miner goes on a little: two heads of equal work are no disagreement, but one more block ends it.
  for (const { hasher } of nodes.toReversed()) {
    await net.clock.advance(minute)
    hasher.hashesPerSecond = 0
    hasher.stop()
  }
  await net.clock.advance(5 * minute)
  for (const { name, disk } of nodes) {
    const wrong = findWrong(disk, net.rules)
    if (wrong) return `${name}: ${wrong}`
  }
  if (nodes.some(({ engine }) => engine.status.refusedFork)) return findFailed(nodes)
  return findDisagreement(nodes) ?? findLost(run)
}

function findFailed(nodes: readonly SimulatedNode[]): string | null {
  const failed = nodes.find(({ engine }) => engine.status.failure)
  return failed ? `${failed.name} failed: ${failed.engine.status.failure?.message}` : null
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
