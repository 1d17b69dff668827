import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkAgreement } from '../network-faults/check-agreement.ts'
import { Client } from '../network-faults/client.ts'
import { grow, heightOf } from '../network-faults/rpc.ts'
import { senders } from '../network-faults/setting.ts'
import { Lab } from './lab.ts'
import { NamespacedNode } from './namespaced-node.ts'

export interface NamespaceOptions {
  readonly validators: number
  /** How long each fault lasts. */
  readonly faultMs: number
  readonly say?: (text: string) => void
}

interface Scene {
  readonly lab: Lab
  readonly nodes: readonly NamespacedNode[]
  readonly faultMs: number
  readonly hasNetem: boolean
}

/**
 * Validators in network namespaces while cables are pulled, switches part, routes lose one direction and links
 * are narrow, and processes die and stop: the kernel's own TCP sees it all. Clients send all the while; at the
 * end all nodes have the same blocks and states, and every acknowledged transaction is there once.
 */
export async function runNamespaces(
  options: NamespaceOptions,
): Promise<{ transactions: number; height: number }> {
  const { validators, faultMs, say = () => {} } = options
  const hasNetem = Lab.hasNetem()
  if (!hasNetem) say('this kernel has no netem: links are narrow, but neither late nor lossy')
  using lab = new Lab(validators)
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'quoin-namespaces-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const ips = lab.places.map(({ peerIp }) => peerIp)
  const nodes = lab.places.map((place, index) => {
    const args = [index, validators, join(folder, `node-${index}`), place.rpcIp, ...ips]
    return stack.use(new NamespacedNode(place, args))
  })
  await Promise.all(nodes.map((node) => node.start()))
  const scene = { lab, nodes, faultMs, hasNetem }
  await grows(scene, [...nodes.keys()], 'the first blocks')
  const clients = senders.map((sender, index) => new Client(sender, nodes, index))
  for (const [name, fault] of Object.entries(faults)) {
    const from = performance.now()
    await fault(scene)
    say(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s with recovery`)
  }
  await Promise.all(clients.map((client) => client.stop()))
  await checkAgreement({ nodes }, clients)
  const transactions = clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  return { transactions, height: await heightOf(nodes[0]?.rpcUrl ?? '') }
}

type Fault = (scene: Scene) => Promise<void>

const faults: Record<string, Fault> = {
  async 'kill -9 and restart'(scene) {
    const last = scene.nodes.length - 1
    await scene.nodes[last]?.kill()
    await grows(scene, [0, 1, 2], 'blocks without the killed one')
    await sleep(scene.faultMs)
    await scene.nodes[last]?.start()
    await grows(scene, [0, last], 'the killed one to come back')
  },

  async 'SIGSTOP and SIGCONT'(scene) {
    scene.nodes[1]?.stop()
    await grows(scene, [0, 2, 3], 'blocks without the stopped one')
    await sleep(scene.faultMs)
    scene.nodes[1]?.goOn()
    await grows(scene, [0, 1], 'the stopped one to come back')
  },

  async 'a cable out and in'(scene) {
    scene.lab.setLink(2, 'down')
    await grows(scene, [0, 1, 3], 'blocks without the one unplugged')
    await sleep(scene.faultMs)
    scene.lab.setLink(2, 'up')
    await grows(scene, [0, 2], 'the one unplugged to come back')
  },

  async 'halves on two switches'(scene) {
    const half = [...scene.nodes.keys()].slice(0, Math.floor(scene.nodes.length / 2))
    for (const index of half) scene.lab.plug(index, 'apart')
    // What was on its way may still complete one height; after that neither half can.
    await sleep(1_000)
    const heights = () => Promise.all(scene.nodes.map(({ rpcUrl }) => heightOf(rpcUrl)))
    const before = await heights()
    await sleep(scene.faultMs)
    assert.deepEqual(await heights(), before, 'half of the validators decided')
    for (const index of half) scene.lab.plug(index, 'main')
    await grows(scene, [...scene.nodes.keys()], 'the halves to go on together')
  },

  async 'one direction lost'(scene) {
    const others = [...scene.nodes.keys()].slice(1)
    for (const to of others) scene.lab.setRoute(0, to, 'lose')
    await grows(scene, others, 'blocks without the one that nobody hears')
    await sleep(scene.faultMs)
    for (const to of others) scene.lab.setRoute(0, to, 'mend')
    await grows(scene, [0, 1], 'the one that nobody heard to come back')
  },

  async 'narrow links'(scene) {
    const { lab, hasNetem } = scene
    const quality = { kbitPerSecond: 1_000, ...(hasNetem ? bad : good) }
    for (const index of [0, 1]) lab.shape(index, quality)
    await sleep(scene.faultMs)
    await grows(scene, [...scene.nodes.keys()], 'blocks over narrow links')
    for (const index of [0, 1]) lab.shape(index, null)
  },
}

const bad = { delayMs: 80, lossPercent: 3 }
const good = { delayMs: 0, lossPercent: 0 }

function grows(scene: Scene, indices: readonly number[], what: string): Promise<void> {
  return grow(
    indices.map((index) => scene.nodes[index]?.rpcUrl ?? ''),
    what,
  )
}
