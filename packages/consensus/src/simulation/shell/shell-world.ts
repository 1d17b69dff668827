import { accusedOf, isQuorum, verifyCertificate } from '@quoin/headers'
import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import type { Message } from '../../codec/messages.ts'
import type { Evidence } from '../../core/messages.ts'
import type { BftOptions } from '../../engine/bft-options.ts'
import { decidedToParent, genesisParent, type Parent } from '../../engine/chain-rules.ts'
import { maxDriftMs } from '../../engine/check-block.ts'
import type { DecidedBlock } from '../../storage/block-store.ts'
import { createAgenda } from '../agenda.ts'
import { createChoices, type Random } from '../random.ts'
import { Statements } from '../statements.ts'
import { settle } from '../virtual-clock.ts'
import { ByzantineWire } from './byzantine-wire.ts'
import {
  createRules,
  rememberingRecover,
  rememberingVerifyBls,
  setChange,
  signers,
  slash,
  slashedFrom,
  startMs,
} from './chain.ts'
import { type ShellPlan, toNodePlans } from './shell-plan.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { createDisk, SimulatedNode } from './simulated-node.ts'
import { snapshotOf } from './snapshot.ts'

export interface ShellResult {
  failure: string | null
  events: number
  crashes: number
  heights: number
  rounds: number
  /** Nodes that began at a snapshot. */
  snapshots: number
  /** Blocks of validators that were slashed in the same chain. */
  blocksOfSlashed: number
  /** Whom honest nodes could convict, when honest nodes disagreed. */
  forkAccused: number | null
}

export interface ShellOptions {
  seed: number
  plan: ShellPlan
  alter?(options: BftOptions): BftOptions
  trace?(timeMs: number, line: string): void
}

const enoughEvents = 120_000
/** Blocks that every honest node must add after the network is good again. */
const furtherBlocks = 4

/** One execution of a network of real engines: everything that happens in it follows from the seed. */
export function simulateShell(options: ShellOptions): Promise<ShellResult> {
  return new ShellWorld(options).run()
}

class ShellWorld {
  readonly #options: ShellOptions
  readonly #plan: ShellPlan
  readonly #random: Random
  readonly #agenda = createAgenda()
  readonly #network: SimulatedNetwork
  readonly #nodes: SimulatedNode[] = []
  readonly #side = new Map<string, number>()
  readonly #statements = new Statements()
  /** What honest nodes have heard and said, from whomever: to convict from. */
  readonly #heard = new Statements()
  readonly #decided = new Map<number, DecidedBlock>()
  readonly #transactions: Hex[] = []
  readonly #result: ShellResult
  #isStable = false
  #isForked = false

  constructor(options: ShellOptions) {
    this.#options = options
    this.#plan = options.plan
    this.#random = createChoices(options.seed)
    this.#result = {
      failure: null,
      events: 0,
      crashes: 0,
      heights: 0,
      rounds: 0,
      snapshots: 0,
      blocksOfSlashed: 0,
      forkAccused: null,
    }
    this.#network = new SimulatedNetwork(this.#agenda, this.#random.fork(), {
      isCut: (from, to) => this.#isCut(from, to),
      onDelivery: (from, to, message) => this.#onDelivery(from, to, message),
      onReport: (reporter, peer, offence) => this.#trace(`${reporter} reports ${peer}: ${offence}`),
    })
    this.#network.conditions = this.#plan.conditions
  }

  async run(): Promise<ShellResult> {
    this.#build()
    this.#planFaults()
    this.#agenda.after(this.#plan.stableMs, () => this.#stabilize())
    while (this.#result.failure === null && !this.#isDone() && this.#agenda.next()) {
      this.#result.events += 1
      await settle()
      if (this.#result.events > enoughEvents) this.#fail(`a storm of events at ${this.#where()}`)
      if (this.#agenda.nowMs > this.#plan.stableMs + this.#plan.boundMs)
        this.#fail(`no progress: ${this.#where()}`)
    }
    if (this.#result.failure === null) this.#checkEnd()
    this.#result.heights = this.#decided.size
    for (const node of this.#nodes) node.crash()
    return this.#result
  }

  get #honest(): SimulatedNode[] {
    return this.#nodes.filter(({ plan }) => plan.isHonest)
  }

  #build(): void {
    const { plan } = this.#options
    const domain = createRules(plan.chain, createDisk().execution, new Map()).domain
    for (const nodePlan of toNodePlans(plan, this.#random)) {
      const { signer, lies } = nodePlan
      const wire =
        signer && lies.size > 0
          ? new ByzantineWire({ signer, domain, random: this.#random.fork(), lies })
          : null
      const node = new SimulatedNode(
        { ...nodePlan, wire },
        {
          chain: plan.chain,
          agenda: this.#agenda,
          network: this.#network,
          engine: {
            pace: plan.pace,
            timers: plan.timers,
            recover: rememberingRecover,
            verifyBls: rememberingVerifyBls,
          },
          ...(nodePlan.isHonest && this.#options.alter ? { alter: this.#options.alter } : {}),
          delayMs: (most) => (most === 0 ? 0 : this.#random.between(0, most)),
          onFailure: (failed, failure) => this.#onFailure(failed, failure),
          onDecided: (decider, decided) => this.#onDecided(decider, decided),
          onEvidence: (evidence) => this.#onEvidence(evidence),
          onLog: (speaker, level, fields, message) =>
            this.#trace(`${speaker.name} ${level}: ${message} ${describe(fields)}`),
        },
      )
      this.#nodes.push(node)
      this.#agenda.after(nodePlan.startMs, () => this.#start(node))
    }
    for (const name of plan.slowReaders) this.#network.makeSlow(name, 40)
  }

  #start(node: SimulatedNode): void {
    if (node.isUp || this.#result.failure !== null) return
    if (this.#plan.snapshots.has(node.name) && node.height === 0) this.#takeSnapshot(node)
    this.#trace(`${node.name} starts at ${node.height}`)
    node.start().catch((error) => this.#onRefusal(node, error))
  }

  #takeSnapshot(node: SimulatedNode): void {
    const server = this.#random.pick(this.#honest)
    const snapshot = snapshotOf(server.disk, this.#plan.chain.epochBlocks)
    if (!snapshot) return
    node.disk = snapshot
    this.#result.snapshots += 1
    this.#trace(`${node.name} begins at ${node.height}, with the state of ${server.name}`)
  }

  /** A damaged log is not read: the operator puts it away, and the sign guard holds. */
  #onRefusal(node: SimulatedNode, error: unknown): void {
    this.#trace(`${node.name} refuses to start: ${error}`)
    const code = error instanceof CodedError ? error.code : null
    if (code === 'LOG_CORRUPT' && this.#plan.corruptions > 0) void node.disk.files.remove('wal')
    else if (code === 'DISK_FULL') node.disk.files.freeBytes = Number.POSITIVE_INFINITY
    else if (code !== 'EXECUTION_FAILED' || node.plan.isHonest === false)
      if (node.plan.isHonest) this.#fail(`${node.name} does not start: ${error}`)
    this.#restartLater(node)
  }

  #onFailure(node: SimulatedNode, failure: unknown): void {
    this.#trace(`${node.name} stopped: ${failure} ${failure instanceof Error ? failure.cause : ''}`)
    const code = failure instanceof CodedError ? failure.code : null
    const isOurs =
      (code === 'DISK_FULL' && this.#plan.fullDisks > 0) ||
      (code === 'EXECUTION_FAILED' && this.#plan.executionFailures > 0)
    if (!isOurs && node.plan.isHonest && !this.#isForked) {
      const cause = failure instanceof Error ? failure.cause : null
      const why = cause instanceof Error ? `${cause.stack}` : ''
      this.#fail(`${node.name} stopped: ${failure} ${why}`)
      return
    }
    node.disk.files.freeBytes = Number.POSITIVE_INFINITY
    this.#restartLater(node)
  }

  #restartLater(node: SimulatedNode): void {
    node.crash()
    this.#agenda.after(this.#random.between(50, 1500), () => this.#start(node))
  }

  #crash(node: SimulatedNode, downMs: number): void {
    if (!node.isUp) return
    this.#result.crashes += 1
    this.#trace(`${node.name} crashes at ${node.height}`)
    node.crash()
    node.disk.files.crash(this.#random)
    this.#agenda.after(downMs, () => this.#start(node))
  }

  #planFaults(): void {
    const { plan } = this.#options
    for (let time = 300; time < plan.stableMs; time += this.#random.between(200, 2500))
      this.#agenda.after(time, () => this.#disturb())
    for (let time = 50; time < plan.stableMs + 3000; time += this.#random.between(100, 900))
      this.#agenda.after(time, () => this.#addTransaction())
    if (plan.chain.epochBlocks > 0)
      for (let time = 500; time < plan.stableMs; time += this.#random.between(800, 4000))
        this.#agenda.after(time, () => this.#changeSet())
    if (plan.wipe) this.#agenda.after(plan.stableMs / 2, () => this.#wipe())
    if (plan.silentMs > 0) this.#silenceTooMany()
  }

  /** More than f stop for a while: nothing can be decided, and then goes on by itself. */
  #silenceTooMany(): void {
    const members = this.#honest.slice(0, Math.floor(this.#plan.chain.powers.length / 3) + 1)
    const downMs = this.#plan.silentMs
    this.#agenda.after(1000, () => {
      for (const node of members) this.#crash(node, downMs)
    })
  }

  #wipe(): void {
    const node = this.#nodes.find(({ plan }) => !plan.isHonest)
    if (!node) return
    this.#trace(`${node.name} loses its folder`)
    node.crash()
    node.disk = createDisk()
    this.#agenda.after(100, () => this.#start(node))
  }

  #disturb(): void {
    const random = this.#random
    const { plan } = this.#options
    if (this.#isStable) return
    if (random.chance(plan.partitionChance)) this.#split()
    if (random.chance(plan.crashChance)) {
      const count = random.pick([1, 1, 1, 2, this.#honest.length])
      for (let index = 0; index < count; index++) this.#crashSoon(random.pick(this.#honest))
    }
    if (plan.fullDisks > 0 && random.chance(0.5))
      random.pick(this.#honest).disk.files.freeBytes = random.below(2000)
    if (plan.executionFailures > 0 && random.chance(0.5))
      random.pick(this.#honest).executionFailures = 1
    if (plan.corruptions > 0 && random.chance(0.5)) this.#corrupt(random.pick(this.#honest))
    if (plan.losesLogs && random.chance(0.7)) this.#loseLog(random.pick(this.#honest))
  }

  /** At any moment, or exactly before or after a durable call. */
  #crashSoon(node: SimulatedNode): void {
    const downMs = this.#random.between(20, 2500)
    const crash = () => this.#crash(node, downMs)
    if (this.#random.chance(0.4)) crash()
    else node.lifeline.snapIn(1 + this.#random.below(30), this.#random.chance(0.5), crash)
  }

  #corrupt(node: SimulatedNode): void {
    this.#crash(node, this.#random.between(20, 500))
    if (node.disk.files.corrupt('wal', this.#random))
      this.#trace(`${node.name}: a bit of its log flips`)
  }

  #loseLog(node: SimulatedNode): void {
    this.#crash(node, this.#random.between(20, 500))
    void node.disk.files.remove('wal')
    this.#trace(`${node.name} loses its log`)
  }

  #split(): void {
    const sides = this.#random.chance(0.4) ? 1 : 2
    for (const { name } of this.#nodes) this.#side.set(name, this.#random.below(sides))
    this.#trace(`sides: ${[...this.#side].map(([name, side]) => `${name}=${side}`).join(' ')}`)
  }

  #isCut(from: string, to: string): boolean {
    if (this.#isStable) return false
    const [a, b] = [this.#side.get(from) ?? 0, this.#side.get(to) ?? 0]
    return a !== b && (!this.#plan.asymmetric || a < b)
  }

  #stabilize(): void {
    this.#trace('the network is good from now on')
    this.#isStable = true
    this.#network.conditions = { loss: 0, duplicates: 0.02, minDelayMs: 5, maxDelayMs: 40 }
    for (const node of this.#nodes) {
      node.disk.files.freeBytes = Number.POSITIVE_INFINITY
      this.#start(node)
    }
    this.#target = this.#highest() + furtherBlocks
  }

  #target = Number.POSITIVE_INFINITY

  #highest(): number {
    return Math.max(0, ...this.#honest.map(({ height }) => height))
  }

  #isDone(): boolean {
    if (this.#isForked) return true
    if (!this.#isStable || this.#agenda.nowMs < this.#plan.stableMs + 3000) return false
    return (
      this.#honest.every(({ height }) => height >= this.#target) && this.#missing().length === 0
    )
  }

  #missing(): Hex[] {
    const included = new Set(
      [...this.#decided.values()].flatMap(({ block }) => block.payload.transactions),
    )
    return this.#transactions.filter((transaction) => !included.has(transaction))
  }

  /** A client that repeats until its transaction is in a block. */
  #addTransaction(): void {
    const index = this.#transactions.length
    const transaction: Hex = `0x02${index.toString(16).padStart(8, '0')}`
    this.#submit(transaction)
  }

  #submit(transaction: Hex): void {
    if (!this.#transactions.includes(transaction)) this.#transactions.push(transaction)
    const takers = this.#nodes.filter(({ isUp }) => isUp && this.#random.chance(0.8))
    for (const { execution } of takers) execution?.add(transaction)
    this.#agenda.after(2000, () => {
      if (this.#missing().includes(transaction)) this.#submit(transaction)
    })
  }

  #changeSet(): void {
    if (this.#isStable) return
    const powers = this.#plan.nextPowers(this.#random)
    this.#trace(`asks for the set ${powers}`)
    this.#submit(setChange(powers, this.#transactions.length))
  }

  #onDelivery(_from: string, to: string, message: Message): void {
    const target = this.#nodes.find(({ name }) => name === to)
    if (!target?.plan.isHonest) return
    if (this.#plan.isGenuine(message, rememberingRecover)) this.#note(message)
    if (this.#options.trace) this.#trace(`${_from} → ${to} ${describeMessage(message)}`)
  }

  #note(message: Message): void {
    if (this.#plan.mayFork && message.type === 'vote') this.#heard.add(message.vote)
    if (this.#plan.mayFork && message.type === 'proposal') this.#heard.add(message.proposal)
    this.#checkHonesty(message)
  }

  /** Whoever carried it: what an honest validator signed must never convict it. */
  #checkHonesty(message: Message): void {
    if (message.type !== 'vote' && message.type !== 'proposal') return
    const said = message.type === 'vote' ? message.vote : message.proposal
    const signer = 'validator' in said ? said.validator : said.proposer
    if (!this.#honest.some(({ plan }) => plan.signer?.address === signer)) return
    this.#result.rounds = Math.max(this.#result.rounds, said.round)
    for (const evidence of this.#statements.add({
      ...said,
      ...('proofOfLock' in said ? { proofOfLock: [] } : {}),
    }))
      this.#fail(
        `honest ${accusedOf(evidence).validator} contradicts itself: ${describe(evidence)}`,
      )
  }

  #onEvidence(evidence: Evidence): void {
    const { validator } = accusedOf(evidence)
    this.#trace(`evidence: ${evidence.kind} by ${validator}`)
    if (this.#honest.some(({ plan }) => plan.signer?.address === validator))
      this.#fail(`honest ${validator} is convicted: ${describe(evidence)}`)
    if (this.#plan.slashes) this.#submit(slash(signers.findIndex((s) => s.address === validator)))
  }

  #onDecided(node: SimulatedNode, decided: DecidedBlock): void {
    const { height } = decided.block.header
    this.#trace(
      `${node.name} decides ${height}: ${decided.id.slice(0, 10)} in round ${decided.certificate.round}`,
    )
    if (!node.plan.isHonest) return
    const latestMs = startMs + this.#agenda.nowMs + this.#plan.maxSkewMs + maxDriftMs
    if (decided.block.header.timeMs > latestMs) this.#fail(`block ${height} is from the future`)
    const earlier = this.#decided.get(height)
    if (!earlier) this.#decided.set(height, decided)
    else if (earlier.id !== decided.id || stateOf(earlier) !== stateOf(decided))
      this.#onFork(height)
    const restarts = this.#plan.chain.epochBlocks
    if (this.#plan.restartsAtBoundary && height % restarts === 0 && !this.#isStable)
      this.#crashSoon(node)
  }

  #onFork(height: number): void {
    if (this.#isForked) return
    this.#trace(`disagreement at height ${height}`)
    if (this.#plan.mayFork) this.#isForked = true
    else this.#fail(`disagreement at height ${height}`)
  }

  #checkEnd(): void {
    if (this.#isForked) {
      this.#checkBlame()
      return
    }
    for (const node of this.#honest) this.#checkChain(node)
    const all = [...this.#decided.values()].flatMap(({ block }) => block.payload.transactions)
    if (new Set(all).size !== all.length) this.#fail('a transaction was included twice')
  }

  #checkBlame(): void {
    const powers = toPowers(this.#plan)
    const accused = [...this.#heard.accused]
    const power = accused.reduce((sum, address) => sum + (powers.get(address) ?? 0), 0)
    const total = [...powers.values()].reduce((sum, each) => sum + each, 0)
    this.#result.forkAccused = accused.length
    if (3 * power <= total) this.#fail(`a fork, but only ${power} of ${total} can be convicted`)
  }

  #checkChain({ name, disk }: SimulatedNode): void {
    const rules = createRules(this.#plan.chain, disk.execution, disk.sets)
    const slashed = slashedFrom(disk.execution, this.#plan.chain.epochBlocks)
    const [first] = disk.blocks
    const isWhole = first?.block.header.height === 1
    let parent = isWhole || !first ? genesisParent(rules) : this.#parentOf(first)
    for (const { id, block, certificate } of disk.blocks) {
      const { header } = block
      const until = slashed.get(header.proposer)
      if (until !== undefined) this.#result.blocksOfSlashed += 1
      if (until !== undefined && header.height >= until)
        this.#fail(`${name}: block ${header.height} is of a validator that was slashed`)
      if (header.height !== parent.height + 1 || header.parentId !== parent.id)
        this.#fail(`${name}: block ${header.height} is not on its parent`)
      if (header.timeMs <= parent.timeMs)
        this.#fail(`${name}: time does not rise at ${header.height}`)
      const validators = rules.validatorsAt(header.height)
      if (certificate.id !== id) this.#fail(`${name}: a certificate of another block`)
      const power = verifyCertificate(certificate, validators, rules.domain, rememberingRecover)
      if (!isQuorum(validators, power)) this.#fail(`${name}: certificate ${header.height} is short`)
      parent = decidedToParent({ id, block, certificate })
    }
    const before = (first?.block.header.height ?? 1) - 1
    const executed = disk.execution.payloads.slice(before).map(({ blockHash }) => blockHash)
    const expected = disk.blocks.map(({ block }) => block.payload.blockHash)
    // The last block may be in the store, and on its way into execution.
    const isBehind = executed.length < expected.length - 1
    if (isBehind || executed.join() !== expected.slice(0, executed.length).join())
      this.#fail(`${name}: execution has something else`)
  }

  /** Of the first block of a node that began at a snapshot. */
  #parentOf({ block: { header } }: DecidedBlock): Parent {
    const before = this.#decided.get(header.height - 1)
    if (!before) throw new Error(`Nobody decided ${header.height - 1}`)
    return decidedToParent(before)
  }

  #where(): string {
    return this.#nodes
      .map(({ name, height, engine, isUp, plan }) => {
        const { round, step } = engine?.status ?? {}
        return `${name}${plan.isHonest ? '' : '*'}:${isUp ? `${height}/${round}/${step}` : 'down'}`
      })
      .join(' ')
  }

  #trace(line: string): void {
    this.#options.trace?.(this.#agenda.nowMs, line)
  }

  #fail(why: string): void {
    this.#trace(`FAILURE ${why}`)
    this.#result.failure ??= why
  }
}

function stateOf({ block }: DecidedBlock): Hex {
  return block.payload.stateRoot
}

function toPowers({ chain }: ShellPlan): Map<Hex, number> {
  const entries = chain.powers.map(
    (power, index) => [signers[index]?.address ?? '0x', power] as const,
  )
  return new Map(entries)
}

function describe(fields: object): string {
  return JSON.stringify(fields, (_, value) => {
    if (typeof value === 'bigint') return String(value)
    if (value instanceof Uint8Array) return bytesToHex(value)
    if (value instanceof Error) return `${value} ${value.cause ?? ''}`
    return typeof value === 'string' && value.length > 24 ? `${value.slice(0, 10)}…` : value
  })
}

function describeMessage(message: Message): string {
  switch (message.type) {
    case 'vote': {
      const { kind, height, round, id, validRound, validator } = message.vote
      return `${kind} ${height}/${round} ${id?.slice(0, 8) ?? 'nil'} vr ${validRound} of ${validator.slice(0, 6)}`
    }
    case 'proposal': {
      const { height, round, id, validRound, proposer } = message.proposal
      return `proposal ${height}/${round} ${id.slice(0, 8)} vr ${validRound} of ${proposer.slice(0, 6)}`
    }
    case 'status':
      return `status ${message.status.height}/${message.status.round} vr ${message.status.validRound}`
    case 'decided':
      return `decided ${message.decided.block.header.height}`
  }
}
