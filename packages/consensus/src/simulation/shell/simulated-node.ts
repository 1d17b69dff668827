import { CodedError, type Hex, type LogFields, type Logger } from '@quoin/kernel'
import { createBftEngine } from '../../engine/bft-engine.ts'
import type { BftOptions } from '../../engine/bft-options.ts'
import type { Clock } from '../../engine/clock.ts'
import type { ConsensusEngine } from '../../engine/interface.ts'
import type { Signer } from '../../engine/signer.ts'
import type { BlockStore, DecidedBlock } from '../../storage/block-store.ts'
import type { Files, OpenFile } from '../../storage/files.ts'
import { openRecordFile } from '../../storage/record-file.ts'
import { openSignGuard } from '../../storage/sign-guard.ts'
import type { Agenda } from '../agenda.ts'
import {
  type ExecutionDisk,
  type MemoryExecution,
  openMemoryExecution,
} from '../memory-execution.ts'
import { openMemoryStore } from '../memory-store.ts'
import { type ChainPlan, createRules, type EpochSets, emptyExecution, startMs } from './chain.ts'
import { Lifeline } from './lifeline.ts'
import { SimulatedFiles } from './simulated-files.ts'
import type { SimulatedNetwork, Wire } from './simulated-network.ts'

/** Everything of a node that outlives its process. */
export interface NodeDisk {
  files: SimulatedFiles
  blocks: DecidedBlock[]
  execution: ExecutionDisk
  sets: EpochSets
}

export function createDisk(): NodeDisk {
  return { files: new SimulatedFiles(), blocks: [], execution: emptyExecution(), sets: new Map() }
}

export interface NodePlan {
  /** Its endpoint; twins have one key and two names. */
  name: string
  signer: Signer | null
  isHonest: boolean
  clockSkewMs: number
  /** Most that a durable call takes. */
  maxDiskDelayMs: number
  wire: Wire | null
}

export interface NodeWorld {
  chain: ChainPlan
  agenda: Agenda
  network: SimulatedNetwork
  /** What is the same for all engines: pace, timers, and what tests make wrong. */
  engine: Pick<BftOptions, 'pace' | 'timers'> & Partial<BftOptions>
  /** Puts something else in the place of a node's parts: how mutants are made. */
  alter?(options: BftOptions): BftOptions
  delayMs(most: number): number
  onFailure(node: SimulatedNode, failure: unknown): void
  onDecided(node: SimulatedNode, decided: DecidedBlock): void
  onEvidence: Parameters<ConsensusEngine['onEvidence']>[0]
  onLog(node: SimulatedNode, level: string, fields: LogFields, message: string): void
}

const durableCalls = {
  files: new Set(['open', 'rename', 'remove', 'syncFolderOf']),
  file: new Set(['read', 'append', 'truncate', 'datasync']),
  store: new Set(['append']),
  execution: new Set(['newPayload', 'forkchoiceUpdated', 'getPayload']),
}

/** A real engine in a simulated machine, which can lose its power at any durable call. */
export class SimulatedNode {
  readonly plan: NodePlan
  disk = createDisk()
  engine: ConsensusEngine | null = null
  execution: MemoryExecution | null = null
  lifeline = new Lifeline()
  /** Calls of execution that are still to fail. */
  executionFailures = 0
  readonly #world: NodeWorld

  constructor(plan: NodePlan, world: NodeWorld) {
    this.plan = plan
    this.#world = world
  }

  get name(): string {
    return this.plan.name
  }

  get height(): number {
    return this.disk.blocks.at(-1)?.block.header.height ?? 0
  }

  /** From the moment it is started, though it may still be reading its disk. */
  isUp = false

  /** Rejects when the node refuses to start. */
  async start(): Promise<void> {
    const world = this.#world
    this.isUp = true
    const lifeline = new Lifeline()
    this.lifeline = lifeline
    const options = await this.#open(lifeline)
    if (lifeline.isCut) return
    const engine = createBftEngine(world.alter?.(options) ?? options)
    this.engine = engine
    engine.onFailure((failure) => lifeline.isCut || world.onFailure(this, failure))
    engine.onDecided((decided) => lifeline.isCut || world.onDecided(this, decided))
    engine.onEvidence((evidence) => lifeline.isCut || world.onEvidence(evidence))
    await engine.start()
  }

  /** Ends its process; its disk keeps what was durable. */
  crash(): void {
    this.lifeline.cut()
    this.isUp = false
    this.engine = null
    this.execution = null
    this.#world.network.disconnect(this.name)
  }

  async #open(lifeline: Lifeline): Promise<BftOptions> {
    const { disk, plan } = this
    const { chain, network, engine } = this.#world
    const files = this.#tieFiles(lifeline)
    const wal = await openRecordFile('wal', files)
    const guard = await openSignGuard(await openRecordFile('guard', files))
    const beforeBlock = () => this.#maybeFailExecution()
    const execution = openMemoryExecution(disk.execution, { beforeBlock })
    this.execution = execution
    const wait = () => this.#wait()
    const feeRecipient: Hex = `0x${'fe'.repeat(20)}`
    return {
      rules: createRules(chain, disk.execution, disk.sets),
      signer: plan.signer,
      feeRecipient,
      execution: lifeline.tie(execution, durableCalls.execution, wait),
      store: lifeline.tie(this.#openStore(), durableCalls.store, wait),
      wal,
      guard,
      transport: lifeline.tie(network.connect(this.name, plan.wire), new Set()),
      clock: this.#createClock(lifeline),
      logger: this.#createLogger(lifeline),
      ...engine,
    }
  }

  #tieFiles(lifeline: Lifeline): Files {
    const { files } = this.disk
    const wait = () => this.#wait()
    const tied = lifeline.tie<Files>(files, durableCalls.files, wait)
    return {
      open: async (path) => lifeline.tie<OpenFile>(await tied.open(path), durableCalls.file, wait),
      rename: (from, to) => tied.rename(from, to),
      remove: (path) => tied.remove(path),
      syncFolderOf: (path) => tied.syncFolderOf(path),
    }
  }

  #openStore(): BlockStore {
    const { files, blocks } = this.disk
    const store = openMemoryStore(blocks)
    return {
      get height() {
        return store.height
      },
      async append(decided) {
        if (files.freeBytes <= 0)
          throw new CodedError('DISK_FULL', 'No space left for blocks: free some and start again')
        return store.append(decided)
      },
      byHeight: (height) => store.byHeight(height),
      byId: (id) => store.byId(id),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  }

  #maybeFailExecution(): void {
    if (this.executionFailures === 0) return
    this.executionFailures -= 1
    throw new CodedError('EXECUTION_FAILED', 'The execution client has gone')
  }

  #wait(): Promise<void> {
    const { agenda, delayMs } = this.#world
    const durationMs = delayMs(this.plan.maxDiskDelayMs)
    if (durationMs === 0) return Promise.resolve()
    return new Promise((resolve) => agenda.after(durationMs, resolve))
  }

  #createClock(lifeline: Lifeline): Clock {
    const { agenda } = this.#world
    const { clockSkewMs } = this.plan
    return {
      now: () => Math.floor(startMs + agenda.nowMs + clockSkewMs),
      after: (delayMs, callback) => agenda.after(delayMs, () => lifeline.isCut || callback()),
    }
  }

  #createLogger(lifeline: Lifeline): Logger {
    const log = (level: string) => (fields: LogFields, message: string) => {
      if (!lifeline.isCut) this.#world.onLog(this, level, fields, message)
    }
    const logger: Logger = {
      error: log('error'),
      warn: log('warn'),
      info: log('info'),
      debug: log('debug'),
      child: () => logger,
    }
    return logger
  }
}
