import type { Hex } from '@quoin/kernel'
import type { Commit, Timer } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import { createValidatorSet, type ValidatorSet } from '../validator-set.ts'
import { createAgenda } from './agenda.ts'
import { CoreNode, type Said } from './core-node.ts'
import { createRandom } from './random.ts'

export interface SimulationOptions {
  seed: number
  /** Heights that every honest node must decide. */
  heights?: number
  /** What is wrong with the honest nodes, for tests that the simulation notices. */
  rules?: readonly Rule[]
  syncsLog?: boolean
  quorumSet?: (set: ValidatorSet) => ValidatorSet
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

const addresses = [1, 2, 3, 4].map((index): Hex => `0x${index.toString(16).padStart(40, '0')}`)
/** After this the network is good: messages arrive, nobody crashes. */
const stableMs = 6000
const limitMs = 300_000

/**
 * Four validators under a virtual clock, one execution for each seed. Until the network is stable it
 * loses, delays, repeats and reorders messages, splits, and crashes nodes, which come back from their
 * logs. In some seeds one validator runs twice with one key, each twin talking to its own side.
 */
export function simulate(options: SimulationOptions): SimulationResult {
  const { seed, heights = 4 } = options
  const random = createRandom(seed)
  const agenda = createAgenda()
  const faults = {
    loss: random() < 0.3 ? 0 : random() * 0.4,
    crashes: random() < 0.6,
    twin: random() < 0.6 ? addresses[Math.floor(random() * addresses.length)] : undefined,
  }
  const decisions = new Map<number, Hex>()
  const spoken = new Map<string, string>()
  const result: SimulationResult = { seed, failure: null, events: 0, crashes: 0, rounds: 0 }
  const fail = (why: string) => {
    result.failure ??= why
  }

  const isStable = () => agenda.nowMs >= stableMs
  const side = new Map<string, number>()
  const split = () => {
    const divided = random() < 0.4
    for (const node of nodes) side.set(node.name, divided && random() < 0.5 ? 1 : 0)
    if (!isStable()) agenda.after(200 + random() * 1000, split)
  }

  const deliver = (from: CoreNode, to: CoreNode, said: Said) => {
    const stable = isStable()
    const cut = side.get(from.name) !== side.get(to.name)
    const twinCut = [from, to].some(({ self }) => self === faults.twin) && cut
    if ((!stable && (cut || random() < faults.loss)) || twinCut) return
    const copies = random() < 0.03 ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const { life } = to
      const delayMs = stable ? 5 + random() * 30 : 5 + random() * random() * 800
      agenda.after(delayMs, () => {
        if (!to.isUp || to.life !== life) return
        to.hear(said)
        answerLaggard(to, from, said)
      })
    }
  }
  const answerLaggard = (ahead: CoreNode, behind: CoreNode, said: Said) => {
    if (said.type === 'commit') return
    const { height } = said.type === 'vote' ? said.vote : said.proposal
    const commit = ahead.commits[height - 1]
    if (commit && behind.height === height) deliver(ahead, behind, { type: 'commit', commit })
  }

  const checkHonesty = (node: CoreNode, said: Said) => {
    if (node.self === faults.twin || said.type === 'commit') return
    const message = said.type === 'vote' ? said.vote : said.proposal
    const { kind, height, round, id, validRound } = message
    result.rounds = Math.max(result.rounds, round)
    const slot = `${node.name}/${kind}/${height}/${round}`
    const content = `${id}/${validRound}`
    const earlier = spoken.get(slot)
    if (earlier !== undefined && earlier !== content) fail(`${slot}: ${earlier}, then ${content}`)
    spoken.set(slot, content)
  }

  const world = {
    say(node: CoreNode, said: Said) {
      checkHonesty(node, said)
      for (const to of nodes) if (to !== node) deliver(node, to, said)
    },
    schedule(node: CoreNode, timer: Timer) {
      const { life } = node
      const delayMs = (timer.step === 'propose' ? 300 : 150) + 100 * timer.round
      agenda.after(delayMs, () => {
        if (node.isUp && node.life === life && timer.height === node.height)
          node.input({ type: 'timeout', timer })
      })
    },
    makeBlock: (node: CoreNode, round: number): Hex =>
      `0x${node.name}.${node.height}.${round}.${node.life}`,
    decided(node: CoreNode, { height, id }: Commit) {
      if (node.self === faults.twin) return
      const earlier = decisions.get(height)
      if (earlier !== undefined && earlier !== id)
        fail(`disagreement at height ${height}: ${earlier} and ${id}`)
      decisions.set(height, id)
    },
  }

  const validators = createValidatorSet(addresses.map((address) => ({ address, power: 1n })))
  const createNode = (self: Hex, name: string, honest: boolean) =>
    new CoreNode({
      self,
      name,
      world,
      validators: honest && options.quorumSet ? options.quorumSet(validators) : validators,
      ...(honest && options.rules ? { rules: options.rules } : {}),
      ...(honest && options.syncsLog !== undefined ? { syncsLog: options.syncsLog } : {}),
    })
  const nodes = addresses.flatMap((self, index) =>
    self === faults.twin
      ? [createNode(self, `${index}a`, false), createNode(self, `${index}b`, false)]
      : [createNode(self, `${index}`, true)],
  )
  const honest = nodes.filter(({ self }) => self !== faults.twin)

  const repeat = (node: CoreNode) => {
    if (node.isUp) node.repeat()
    agenda.after(250, () => repeat(node))
  }
  const crash = () => {
    if (isStable()) return
    const node = honest[Math.floor(random() * honest.length)]
    if (node?.isUp) {
      result.crashes += 1
      node.crash()
      agenda.after(50 + random() * 900, () => node.restart())
    }
    agenda.after(150 + random() * 900, crash)
  }

  split()
  for (const node of nodes) agenda.after(random() * 50, () => node.start())
  for (const node of nodes) agenda.after(100 + random() * 250, () => repeat(node))
  if (faults.crashes) agenda.after(random() * 500, crash)
  const isDone = () => honest.every(({ commits }) => commits.length >= heights)
  while (!result.failure && agenda.next()) {
    result.events += 1
    if (isDone() && (isStable() || result.events > 20_000)) break
    if (agenda.nowMs > limitMs)
      fail(`no progress: ${honest.map((n) => `${n.height}/${n.state.round}`).join(' ')}`)
  }
  return result
}
