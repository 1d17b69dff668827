import { accusedOf, createValidatorSet, type ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { Commit, Evidence, Timer } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import { createAgenda } from './agenda.ts'
import { CoreNode, type Said, type World } from './core-node.ts'
import { createRandom } from './random.ts'
import { Statements } from './statements.ts'

export interface SimulationOptions {
  seed: number
  /** Heights that every honest node must decide. */
  heights?: number
  /** What is wrong with the honest nodes, for tests that the simulation notices. */
  rules?: readonly Rule[]
  syncsLog?: boolean
  logsFuture?: boolean
  repeats?: boolean
  quorumSet?: (set: ValidatorSet) => ValidatorSet
  trace?: (timeMs: number, line: string) => void
}

export interface SimulationResult {
  seed: number
  /** Null when all honest nodes agree, none contradicted itself, and all got there. */
  failure: string | null
  events: number
  crashes: number
  /** The highest round that was needed. */
  rounds: number
}

/**
 * Four validators under a virtual clock, one execution for each seed. Until the network is stable it
 * loses, delays, repeats and reorders messages, splits, and crashes nodes, which come back from their
 * logs. In some seeds one validator runs twice with one key, each twin talking to its own side; in
 * others one never says anything.
 */
export function simulate(options: SimulationOptions): SimulationResult {
  return new CoreNetwork(options).run()
}

const addresses = [1, 2, 3, 4].map((index): Hex => `0x${index.toString(16).padStart(40, '0')}`)
/** After this the network is good: messages arrive, nobody crashes. */
const stableMs = 6000
const limitMs = 300_000
/** Enough for a run without a failure; the rest of a long bad time would only cost. */
const enoughEvents = 20_000

class CoreNetwork implements World {
  readonly #options: SimulationOptions
  readonly #random: () => number
  readonly #agenda = createAgenda()
  readonly #nodes: readonly CoreNode[]
  readonly #loss: number
  readonly #twin: Hex | undefined
  /** Whether the twins say nothing more once the network is good: then nobody can do without the others. */
  readonly #twinsLeave: boolean
  readonly #side = new Map<string, number>()
  readonly #decisions = new Map<number, Hex>()
  readonly #spoken = new Map<string, string>()
  readonly #statements = new Statements()
  readonly #result: SimulationResult

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = createRandom(options.seed)
    this.#result = { seed: options.seed, failure: null, events: 0, crashes: 0, rounds: 0 }
    this.#loss = this.#chance(0.3) ? 0 : this.#between(0, 0.4)
    this.#twin = this.#chance(0.6) ? this.#pick(addresses) : undefined
    this.#twinsLeave = this.#chance(0.5)
    const silent = this.#twin === undefined && this.#chance(0.5) ? this.#pick(addresses) : undefined
    this.#nodes = addresses.flatMap((self, index) => {
      if (self === silent) return []
      if (self !== this.#twin) return [this.#createHonest(self, `${index}`)]
      return [this.#createTwin(self, `${index}a`), this.#createTwin(self, `${index}b`)]
    })
  }

  run(): SimulationResult {
    const { heights = 4 } = this.#options
    const honest = this.#nodes.filter((node) => this.#isHonest(node))
    this.#split()
    for (const node of this.#nodes) this.#agenda.after(this.#between(0, 50), () => node.start())
    for (const node of this.#nodes)
      this.#agenda.after(this.#between(100, 350), () => this.#repeat(node))
    if (this.#chance(0.6)) this.#agenda.after(this.#between(0, 500), () => this.#crash(honest))
    while (!this.#result.failure && this.#agenda.next()) {
      this.#result.events += 1
      const isDone = honest.every(({ commits }) => commits.length >= heights)
      if (isDone && (this.#isStable || this.#result.events > enoughEvents)) break
      if (this.#agenda.nowMs > limitMs)
        this.#fail(`no progress: ${honest.map((n) => `${n.height}/${n.state.round}`).join(' ')}`)
    }
    return this.#result
  }

  say(node: CoreNode, said: Said): void {
    if (this.#twinsLeave && this.#isStable && !this.#isHonest(node)) return
    this.#checkHonesty(node, said)
    for (const to of this.#nodes) if (to !== node) this.#deliver(node, to, said)
  }

  schedule(node: CoreNode, timer: Timer): void {
    const { life } = node
    const delayMs = (timer.step === 'propose' ? 300 : 150) + 100 * timer.round
    this.#agenda.after(delayMs, () => {
      if (node.isUp && node.life === life && timer.height === node.height)
        node.input({ type: 'timeout', timer })
    })
  }

  makeBlock({ name, height, life }: CoreNode, round: number): Hex {
    return `0x${name}.${height}.${round}.${life}`
  }

  decided(node: CoreNode, { height, id }: Commit): void {
    this.#trace(`${node.name} decides ${height}: ${id}`)
    if (!this.#isHonest(node)) return
    const earlier = this.#decisions.get(height)
    if (earlier !== undefined && earlier !== id)
      this.#fail(`disagreement at height ${height}: ${earlier} and ${id}`)
    this.#decisions.set(height, id)
  }

  accused(evidence: Evidence): void {
    const { validator } = accusedOf(evidence)
    if (validator !== this.#twin)
      this.#fail(`the honest ${validator} is convicted: ${evidence.kind}`)
  }

  #deliver(from: CoreNode, to: CoreNode, said: Said): void {
    const isCut = this.#side.get(from.name) !== this.#side.get(to.name)
    if (isCut && !(this.#isHonest(from) && this.#isHonest(to))) return
    if (!this.#isStable && (isCut || this.#chance(this.#loss))) return
    const copies = this.#chance(0.03) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const { life } = to
      const delayMs = this.#isStable
        ? this.#between(5, 35)
        : 5 + this.#random() * this.#between(0, 800)
      this.#agenda.after(delayMs, () => {
        if (!to.isUp || to.life !== life) return
        this.#trace(`${from.name} → ${to.name} ${JSON.stringify(said)}`)
        to.hear(said)
        const undecided = this.#isHonest(to) && to.undecided()
        if (undecided) this.#fail(`${to.name} does not decide ${undecided}, though it could`)
        this.#answerLaggard(to, from, said)
      })
    }
  }

  /** Who speaks of a height that is over gets its certificate. */
  #answerLaggard(ahead: CoreNode, behind: CoreNode, said: Said): void {
    if (said.type === 'commit') return
    const { height } = said.type === 'vote' ? said.vote : said.proposal
    const commit = ahead.commits[height - 1]
    if (commit && behind.height === height) this.#deliver(ahead, behind, { type: 'commit', commit })
  }

  #checkHonesty(node: CoreNode, said: Said): void {
    if (!this.#isHonest(node) || said.type === 'commit') return
    const content = said.type === 'vote' ? said.vote : said.proposal
    const { kind, height, round, id, validRound } = content
    if (node.self !== ('validator' in content ? content.validator : content.proposer)) return
    for (const evidence of this.#statements.add({ ...content, ...noProof(content) }))
      this.accused(evidence)
    this.#result.rounds = Math.max(this.#result.rounds, round)
    const slot = `${node.name}/${kind}/${height}/${round}`
    const words = `${id}/${validRound}`
    const earlier = this.#spoken.get(slot) ?? words
    if (earlier !== words) this.#fail(`${slot}: ${earlier}, then ${words}`)
    this.#spoken.set(slot, words)
  }

  #split(): void {
    const divided = this.#chance(0.4)
    for (const { name } of this.#nodes) this.#side.set(name, divided && this.#chance(0.5) ? 1 : 0)
    if (!this.#isStable) this.#agenda.after(this.#between(200, 1200), () => this.#split())
  }

  #repeat(node: CoreNode): void {
    if (node.isUp) node.repeat()
    this.#agenda.after(250, () => this.#repeat(node))
  }

  #crash(honest: readonly CoreNode[]): void {
    if (this.#isStable) return
    const node = this.#pick(honest)
    if (node?.isUp) {
      this.#result.crashes += 1
      this.#trace(`${node.name} crashes`)
      node.crash()
      this.#agenda.after(this.#between(50, 950), () => node.restart())
    }
    this.#agenda.after(this.#between(150, 1050), () => this.#crash(honest))
  }

  #createTwin(self: Hex, name: string): CoreNode {
    return new CoreNode({ self, name, world: this, validators })
  }

  #createHonest(self: Hex, name: string): CoreNode {
    const { rules, syncsLog, logsFuture, repeats, quorumSet } = this.#options
    return new CoreNode({
      self,
      name,
      world: this,
      validators: quorumSet?.(validators) ?? validators,
      ...(rules ? { rules } : {}),
      ...(syncsLog === undefined ? {} : { syncsLog }),
      ...(logsFuture === undefined ? {} : { logsFuture }),
      ...(repeats === undefined ? {} : { repeats }),
    })
  }

  #isHonest({ self }: CoreNode): boolean {
    return self !== this.#twin
  }

  get #isStable(): boolean {
    return this.#agenda.nowMs >= stableMs
  }

  #trace(line: string): void {
    this.#options.trace?.(this.#agenda.nowMs, line)
  }

  #fail(why: string): void {
    this.#trace(`FAILURE ${why}`)
    this.#result.failure ??= why
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  #between(low: number, high: number): number {
    return low + this.#random() * (high - low)
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)]
  }
}

const validators = createValidatorSet(
  addresses.map((address) => ({ address, power: 1n, blsPublicKey: `0x${'00'.repeat(48)}` })),
)

/** A proof of lock is what others said. */
function noProof(content: object): { proofOfLock?: [] } {
  return 'proofOfLock' in content ? { proofOfLock: [] } : {}
}
