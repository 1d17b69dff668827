import { type Hex, silentLogger } from '@quoin/kernel'
import type { Clock } from '../clock.ts'
import type { PowEngine } from '../engine/interface.ts'
import { createPowEngine } from '../engine/pow-engine.ts'
import { type Judgement, judgement } from '../judgement.ts'
import { createPowRules, type PowRules, type PowSettings } from '../rules.ts'
import type { WaitingLimits } from '../sync/waiting-blocks.ts'
import type { PowTransport } from '../transport.ts'
import { BlockTree } from '../tree/block-tree.ts'
import { type MemoryDisk, openMemoryKeyValue } from '../tree/memory-key-value.ts'
import { createDrawnMiner, type DrawnMiner, hasDrawnWork } from './drawn-miner.ts'
import {
  createExecutionDisk,
  type ExecutionDisk,
  type MemoryExecution,
  openMemoryExecution,
} from './memory-execution.ts'
import { SimulatedNetwork } from './network.ts'
import { createRandom } from './random.ts'
import { createVirtualClock } from './virtual-clock.ts'
import { Witness } from './witness.ts'

/** Everything of a node that outlives a crash. */
export interface PowDisk {
  blocks: MemoryDisk
  execution: ExecutionDisk
}

export interface SimulatedNode {
  name: string
  address: Hex
  engine: PowEngine
  tree: BlockTree
  execution: MemoryExecution
  hasher: DrawnMiner
  disk: PowDisk
  /** Ends at once: nothing of it happens any more but what is on its disks. */
  crash(): void
}

export interface NodeOptions {
  hashesPerSecond: number
  disk?: PowDisk
  /** How far its clock is off. */
  skewMs?: number
  transport?: (transport: PowTransport) => PowTransport
  watch?: <T extends object>(part: T) => T
  mutation?: Mutation
}

export type PowNetwork = ReturnType<typeof createPowNetwork>

/** What a wrong node does otherwise than the right one. */
export interface Mutation {
  judgement?: Partial<Judgement>
  rules?: Partial<PowSettings>
  maxFutureMs?: number
  waiting?: WaitingLimits
  tree?(tree: BlockTree): BlockTree
  execution?(execution: MemoryExecution, disk: ExecutionDisk): MemoryExecution
}

const executionGenesis: Hex = `0x${'ab'.repeat(32)}`
const startMs = 1_800_000_000_000

/** Real engines over memory disks, a virtual clock, a bad network, and lots instead of hashes. */
export function createPowNetwork(
  seed: number,
  {
    delayMs = 100,
    loss = 0,
    ...settings
  }: Partial<PowSettings> & { delayMs?: number; loss?: number },
) {
  const random = createRandom(seed)
  const clock = createVirtualClock(startMs)
  const rules: PowRules = createPowRules({
    chainId: 31402n,
    executionGenesis,
    genesisTimeMs: startMs - 10_000,
    equalTimestamps: true,
    targetBlockMs: 10_000,
    halfLifeBlocks: 60,
    initialDifficulty: 10_000n,
    minimumDifficulty: 100n,
    blockRewardGwei: 1_000_000_000n,
    halvingBlocks: 100,
    safeDepth: 6,
    finalizedDepth: 200,
    ...settings,
  })
  const network = new SimulatedNetwork({ clock, random, delayMs, loss })
  let nodes = 0
  /** What nodes broke of their promises on the way. */
  const problems: string[] = []

  async function openNode(name: string, options: NodeOptions): Promise<SimulatedNode> {
    const { skewMs = 0, watch = (part) => part, mutation = {} } = options
    nodes += 1
    const disk = options.disk ?? {
      blocks: new Map(),
      execution: createExecutionDisk(executionGenesis),
    }
    const own = createMortalClock(clock, skewMs)
    const rightTree = await BlockTree.open(watch(openMemoryKeyValue(disk.blocks)), rules)
    const tree = mutation.tree?.(rightTree) ?? rightTree
    const rightExecution = openMemoryExecution(disk.execution)
    const execution = watch(mutation.execution?.(rightExecution, disk.execution) ?? rightExecution)
    const hasher = createDrawnMiner(
      own.clock,
      createRandom(seed * 1000 + nodes),
      options.hashesPerSecond,
    )
    const address: Hex = `0x${Buffer.from(name.padEnd(20, '.').slice(0, 20)).toString('hex')}`
    const attached = network.attach(name)
    const { maxFutureMs, waiting } = mutation
    const engine = createPowEngine({
      rules: { ...rules, ...mutation.rules },
      tree,
      execution,
      transport: options.transport?.(attached) ?? attached,
      clock: own.clock,
      mining: { miner: address, hasher, refreshMs: 5000 },
      judgement: { ...judgement, hasWork: hasDrawnWork, ...mutation.judgement },
      ...(maxFutureMs !== undefined && { maxFutureMs }),
      ...(waiting && { waiting }),
      logger: silentLogger,
    })
    new Witness({ rules, tree: rightTree, engine, clock: own.clock }, (problem) =>
      problems.push(`${name}: ${problem}`),
    )
    const crash = () => {
      own.stop()
      network.detach(name)
    }
    const starting = engine.start()
    if (!options.watch) await starting
    return { name, address, engine, tree, execution, hasher, disk, crash }
  }

  return { random, clock, rules, network, problems, openNode }
}

/** A clock whose timers die with the node. */
function createMortalClock(clock: Clock, skewMs: number): { clock: Clock; stop(): void } {
  let isAlive = true
  return {
    clock: {
      now: () => Math.floor(clock.now() + skewMs),
      after: (delayMs, callback) => clock.after(delayMs, () => isAlive && callback()),
    },
    stop() {
      isAlive = false
    },
  }
}
