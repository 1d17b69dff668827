import type { Hex } from '@quoin/kernel'
import { encodePowBlock } from '../block.ts'
import { type Forge, forge, forgeOrphan, lieNames } from './forger.ts'
import type { PowNetwork, SimulatedNode } from './pow-network.ts'

/** What a fault happens to. */
export interface Scene {
  net: PowNetwork
  nodes: SimulatedNode[]
  /** Opens a node again with what it had on its disks. */
  reopen(index: number): Promise<void>
}

export const minute = 60_000
const attacker: Hex = `0x${'a7'.repeat(20)}`

/** What may go wrong for five minutes. */
export const faults = {
  async none() {},

  /** Deep enough for long reorganizations. */
  async partition({ net, nodes }) {
    const cut = 1 + Math.floor(net.random() * (nodes.length - 1))
    net.network.partition((peer) => (Number(peer.slice(4)) < cut ? 0 : 1))
  },

  /** Longer than some seeds' blocks take to become final. */
  async 'long partition'(scene) {
    await faults.partition(scene)
    await scene.net.clock.advance(15 * minute)
  },

  /** One finds many blocks at once, and so ever harder ones; the others find one more at their ease. */
  async sprint({ net, nodes }) {
    const [runner, ...walkers] = nodes
    if (!runner) return
    const rates = nodes.map(({ hasher }) => hasher.hashesPerSecond)
    const { difficulty, height } = runner.engine.status
    net.network.partition((peer) => (peer === runner.name ? 0 : 1))
    for (const node of nodes) setRate(node, 0)
    setRate(runner, 2 * Number(difficulty))
    await mineTo(net, runner, height + 29)
    for (const node of walkers) setRate(node, Number(difficulty) / 10 / walkers.length)
    for (const node of walkers.slice(0, 1)) await mineTo(net, node, height + 30)
    for (const node of nodes) setRate(node, 0)
    net.network.heal()
    await net.clock.advance(2 * minute)
    for (const [index, node] of nodes.entries()) setRate(node, rates[index] ?? 0)
  },

  async crash(scene) {
    await restart(scene, [Math.floor(scene.net.random() * scene.nodes.length)])
  },

  async 'crash all'(scene) {
    await restart(scene, [...scene.nodes.keys()])
  },

  async 'hash step'({ net, nodes }) {
    const factor = net.random() < 0.5 ? 10 : 0.1
    const next = (nodes[0]?.hasher.hashesPerSecond ?? 0) * factor
    if (next > 50_000 || next < 5) return
    for (const { hasher } of nodes) hasher.hashesPerSecond = next
  },

  /** Nobody mines for longer than one half-life of the difficulty. */
  async night({ net, nodes }) {
    const rates = nodes.map(({ hasher }) => hasher.hashesPerSecond)
    for (const node of nodes) setRate(node, 0)
    await net.clock.advance(15 * minute)
    for (const [index, node] of nodes.entries()) setRate(node, rates[index] ?? 0)
  },

  /** One block for each rule, that breaks it, with all its work done. */
  async forge({ net, nodes }) {
    for (const lie of lieNames)
      for (const node of nodes)
        inject(net, node, encodePowBlock(forge(lie, placeOn(net, node))), `liar with ${lie}`)
  },

  /** Good blocks that stand on nothing, and bytes that are no blocks. */
  async flood({ net, nodes }) {
    for (const node of nodes)
      for (let index = 0; index < 250; index++) {
        const bytes = encodePowBlock(forgeOrphan(placeOn(net, node), index))
        const from = `flooder${index % 10}`
        inject(net, node, index % 7 === 0 ? bytes.slice(0, 90) : bytes, from)
      }
  },
} satisfies Record<string, (scene: Scene) => Promise<void>>

export type Fault = keyof typeof faults

export const faultNames = Object.keys(faults) as Fault[]

/** At 0 it stops at once; otherwise it changes with the next template. */
function setRate({ hasher }: SimulatedNode, hashesPerSecond: number): void {
  hasher.hashesPerSecond = hashesPerSecond
  if (hashesPerSecond === 0) hasher.stop()
}

/** Until a node has this height, or half an hour is over; then it mines no more. */
async function mineTo({ clock }: PowNetwork, node: SimulatedNode, height: number): Promise<void> {
  const endMs = clock.now() + 30 * minute
  while (node.tree.head.height < height && clock.now() < endMs) await clock.advance(1000)
  setRate(node, 0)
}

function placeOn({ clock, rules }: PowNetwork, { tree }: SimulatedNode): Forge {
  return { parent: tree.head, rules, nowMs: Math.floor(clock.now()), miner: attacker }
}

function inject({ network }: PowNetwork, { name }: SimulatedNode, bytes: Uint8Array, from: string) {
  network.inject(name, bytes, from)
}

async function restart({ net, nodes, reopen }: Scene, indexes: readonly number[]): Promise<void> {
  for (const index of indexes) nodes[index]?.crash()
  await net.clock.advance(net.random() * minute)
  for (const index of indexes) await reopen(index)
}
