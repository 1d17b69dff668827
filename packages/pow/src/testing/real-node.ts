import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GethGenesis } from '@quoin/execution'
import { type Hex, Scope, silentLogger } from '@quoin/kernel'
import { type ExecutionWorker, openExecutionWorker } from '@quoin/rpc'
import { systemClock } from '../clock.ts'
import type { PowEngine } from '../engine/interface.ts'
import { createPowEngine } from '../engine/pow-engine.ts'
import { createThreadMiner } from '../miner/thread-miner.ts'
import { createPowRules, type PowSettings } from '../rules.ts'
import { createLoopbackPowTransport, type PowTransport } from '../transport.ts'
import { BlockTree } from '../tree/block-tree.ts'
import { openLevelKeyValue } from '../tree/level-key-value.ts'

export const miner: Hex = '0x00000000000000000000000000000000000000fe'

/** A node with all its real parts: threads that hash, an EVM, files, JSON-RPC. */
export interface RealNode extends AsyncDisposable {
  engine: PowEngine
  execution: ExecutionWorker
  tree: BlockTree
}

export interface RealNodeOptions {
  genesis: GethGenesis
  dataDir?: string
  settings?: Partial<PowSettings>
  transport?: PowTransport
  /** Who gets the reward; null for a node that only follows. */
  miner?: Hex | null
}

const defaults = {
  equalTimestamps: true,
  targetBlockMs: 100,
  halfLifeBlocks: 60,
  initialDifficulty: 2000n,
  minimumDifficulty: 500n,
  blockRewardGwei: 2_000_000_000n,
  halvingBlocks: 0,
  safeDepth: 5,
  finalizedDepth: 100,
}

export async function openRealNode(options: RealNodeOptions): Promise<RealNode> {
  const scope = new Scope()
  const dataDir = options.dataDir ?? (await createFolder(scope))
  const execution = scope.own(
    await openExecutionWorker({
      execution: { dataDir: join(dataDir, 'execution'), genesis: options.genesis },
      rpc: { host: '127.0.0.1', port: 0 },
    }),
  )
  const { genesisHash } = await execution.head()
  const rules = createPowRules({
    ...defaults,
    chainId: BigInt(options.genesis.config.chainId),
    executionGenesis: genesisHash,
    genesisTimeMs: Number(options.genesis.timestamp ?? 0) * 1000,
    ...options.settings,
  })
  const disk = scope.own(await openLevelKeyValue(join(dataDir, 'blocks')))
  const tree = await BlockTree.open(disk, rules)
  const hasher = scope.own(createThreadMiner({ logger: silentLogger }))
  const recipient = options.miner === undefined ? miner : options.miner
  const engine = scope.own(
    createPowEngine({
      rules,
      tree,
      execution,
      transport: options.transport ?? createLoopbackPowTransport(),
      clock: systemClock,
      mining: recipient && { miner: recipient, hasher },
      logger: silentLogger,
    }),
  )
  return { engine, execution, tree, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() }
}

async function createFolder(scope: Scope): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'quoin-pow-'))
  scope.defer(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Resolves at the first head that satisfies `isWanted`; the status now counts too. */
export function reached(engine: PowEngine, isWanted: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (isWanted()) return resolve()
    const stop = engine.onHead(() => {
      if (!isWanted()) return
      stop()
      resolve()
    })
    engine.onFailure(reject)
  })
}
