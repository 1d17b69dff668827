import { ballotDigest, proposalDigest, type Recover } from '@quoin/headers'
import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import type { Message } from '../../codec/messages.ts'
import type { TimerDurations } from '../../core/timers.ts'
import type { Pace } from '../../engine/pacemaker.ts'
import type { Random } from '../random.ts'
import type { Lie } from './byzantine-wire.ts'
import {
  type ChainPlan,
  createRules,
  emptyExecution,
  type SimulatedSigner,
  signers,
} from './chain.ts'
import type { Conditions } from './simulated-network.ts'
import type { NodePlan } from './simulated-node.ts'

/** Everything that a run is made of, besides its seed. */
export interface ShellPlan {
  chain: ChainPlan
  pace: Pace
  timers: TimerDurations
  conditions: Conditions
  /** When all faults end. Within `boundMs` after it everybody must have gone on. */
  stableMs: number
  boundMs: number
  crashChance: number
  partitionChance: number
  /** Cuts one direction only. */
  asymmetric: boolean
  /** Which validators are byzantine, by index, with how they lie; `twins`: run twice, honestly. */
  byzantine: ReadonlyMap<number, { lies: ReadonlySet<Lie>; clockSkewMs: number; twins: boolean }>
  /** Honest nodes that start late, with nothing; the others start at once. */
  lateStarts: ReadonlyMap<string, number>
  /** Nodes that begin at the end of an epoch, with the state there, as soon as somebody has one. */
  snapshots: ReadonlySet<string>
  /** Evidence is carried out by the chain: who is convicted has no power two epochs later, for good. */
  slashes: boolean
  /** Validators that never start. */
  silent: ReadonlySet<number>
  silentMs: number
  /** Nodes whose queues are short. */
  slowReaders: readonly string[]
  /** Honest clocks differ by at most this. */
  maxSkewMs: number
  maxDiskDelayMs: number
  /** Nodes without a key. */
  followers: number
  fullDisks: number
  executionFailures: number
  corruptions: number
  /** Honest validators lose their write-ahead logs, but not their sign guards. */
  losesLogs: boolean
  /** The byzantine validator loses its folder, and with it what it had signed. */
  wipe: boolean
  restartsAtBoundary: boolean
  mayFork: boolean
  nextPowers(random: Random): number[]
  isGenuine(message: Message, recover: Recover): boolean
}

/** Names begin with the index, so that byzantine nodes can split their peers by it. */
function nameOf(index: number, twin = ''): string {
  return `${index}${twin}`
}

export interface PlannedNode extends Omit<NodePlan, 'wire'> {
  signer: SimulatedSigner | null
  lies: ReadonlySet<Lie>
  startMs: number
}

export function toNodePlans(plan: ShellPlan, random: Random): PlannedNode[] {
  const candidates = plan.chain.epochBlocks > 0 ? 8 : plan.chain.powers.length
  const nodes: PlannedNode[] = []
  for (let index = 0; index < candidates + plan.followers; index++) {
    if (plan.silent.has(index)) continue
    const bad = plan.byzantine.get(index)
    const isValidator = index < candidates
    const node = {
      signer: isValidator ? (signers[index] ?? null) : null,
      isHonest: !bad,
      clockSkewMs: bad ? bad.clockSkewMs : Math.floor(random.between(-0.5, 0.5) * plan.maxSkewMs),
      maxDiskDelayMs: plan.maxDiskDelayMs,
      lies: bad?.lies ?? new Set<Lie>(),
    }
    for (const twin of bad?.twins ? ['a', 'b'] : ['']) {
      const name = nameOf(index, twin)
      nodes.push({ ...node, name, startMs: plan.lateStarts.get(name) ?? random.between(0, 50) })
    }
  }
  return nodes
}

/** Whether the validator that a message names did sign it: anyone can claim to carry a vote. */
export function createGenuineCheck(chain: ChainPlan): ShellPlan['isGenuine'] {
  const { domain } = createRules(chain, emptyExecution(), new Map())
  const verdicts = new Map<string, boolean>()
  return (message, recover) => {
    if (message.type !== 'vote' && message.type !== 'proposal') return false
    const said = message.type === 'vote' ? message.vote : message.proposal
    const { kind, height, round, id, validRound, signature } = said
    const signer = message.type === 'vote' ? message.vote.validator : message.proposal.proposer
    const key = [kind, height, round, id, validRound, signer, signature].join()
    const known = verdicts.get(key)
    if (known !== undefined) return known
    const digest =
      message.type === 'vote'
        ? ballotDigest(message.vote, domain)
        : proposalDigest(message.proposal, domain)
    const verdict = isSigner(digest, signature, signer, recover)
    verdicts.set(key, verdict)
    return verdict
  }
}

function isSigner(digest: Uint8Array, signature: Hex, signer: Hex, recover: Recover): boolean {
  try {
    return recover(digest, hexToBytes(signature)) === signer
  } catch (error) {
    if (error instanceof CodedError) return false
    throw error
  }
}
