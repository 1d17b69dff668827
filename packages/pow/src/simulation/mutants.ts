import { type Judgement, judgement } from '../judgement.ts'
import type { BlockTree, HeadPath } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import type { Fault } from './faults.ts'
import type { ExecutionDisk, MemoryExecution } from './memory-execution.ts'
import type { Mutation } from './pow-network.ts'
import { simulatePow } from './simulate-pow.ts'

/** A wrong node, and how the simulation is to notice. */
export interface Mutant {
  name: string
  /** Seeds among which one must find it. */
  within: number
  /** What went wrong under this seed; null when nothing was noticed. */
  run(seed: number): Promise<string | null>
}

function mutant(name: string, plan: readonly Fault[], mutation: Mutation): Mutant {
  const run = async (seed: number) => (await simulatePow(seed, { plan, mutation })).failure
  return { name, within: 6, run }
}

const judging = (wrong: Partial<Judgement>): Mutation => ({ judgement: wrong })

/** Takes whatever breaks one rule of headers or bodies. */
function without(name: string): Mutation {
  const keep = ({ name: each }: { name: string }) => each !== name
  return judging({
    headerChecks: judgement.headerChecks.filter(keep),
    bodyChecks: judgement.bodyChecks.filter(keep),
  })
}

/** Aims, and judges others, at a target of its own. */
function aiming(targetAfter: Judgement['targetAfter']): Mutation {
  const headerChecks = judgement.headerChecks.map((check) =>
    check.name === 'target'
      ? ({
          ...check,
          holds: ({ header }, parent, rules) => header.target === targetAfter(parent, rules),
        } satisfies typeof check)
      : check,
  )
  return judging({ targetAfter, headerChecks })
}

const backwards: Judgement['targetAfter'] = (parent, rules) => {
  const due = (parent.height + 1) * rules.targetBlockMs
  return judgement.targetAfter({ ...parent, elapsedMs: 2 * due - parent.elapsedMs }, rules)
}

const linkWithWholeGap: Judgement['linkOn'] = (parent, sealed, rules) => ({
  ...judgement.linkOn(parent, sealed, rules),
  elapsedMs: parent.elapsedMs + sealed.header.timeMs - parent.timeMs,
})

/** Another way from head to head than there is. */
function walking(change: (path: HeadPath) => HeadPath): Mutation {
  return {
    tree: (tree) => replaceMethod(tree, 'pathTo', (to: Link) => change(tree.pathTo(to))),
  }
}

function replaceMethod<Name extends keyof BlockTree>(
  tree: BlockTree,
  name: Name,
  method: BlockTree[Name],
): BlockTree {
  return new Proxy(tree, {
    get(target, key) {
      if (key === name) return method
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Execution that forgets the transactions of blocks that leave the chain. */
function forgetRemoved(execution: MemoryExecution, disk: ExecutionDisk): MemoryExecution {
  return {
    ...execution,
    async forkchoiceUpdated(state, attributes) {
      const before = new Set(disk.pool)
      const answer = await execution.forkchoiceUpdated(state, attributes)
      for (const each of disk.pool) if (!before.has(each)) disk.pool.delete(each)
      return answer
    },
  }
}

/** Execution that runs anything. */
function runAnything(execution: MemoryExecution): MemoryExecution {
  return {
    ...execution,
    async newPayload(payload, ...rest) {
      const status = await execution.newPayload(payload, ...rest)
      if (status.status !== 'INVALID') return status
      return { status: 'VALID', latestValidHash: payload.blockHash, validationError: null }
    },
  }
}

const partitions: Fault[] = ['partition', 'none', 'sprint']

/** Nodes that are wrong in one thing. `npm run simulate -- --mutants` shows that each is found. */
export const mutants: readonly Mutant[] = [
  mutant('lowers the difficulty when blocks come fast', ['hash step'], aiming(backwards)),
  mutant(
    'aims at a target that is one too high',
    ['none'],
    aiming((parent, rules) => judgement.targetAfter(parent, rules) + 1n),
  ),
  mutant('counts a night as time to catch up', ['night'], judging({ linkOn: linkWithWholeGap })),
  mutant(
    'follows the longest chain instead of the heaviest',
    ['sprint'],
    judging({ isBetter: (candidate, head) => candidate.height > head.height }),
  ),
  mutant(
    'leaves its chain for another of equal work',
    partitions,
    judging({ isBetter: (candidate, head) => candidate.totalWork >= head.totalWork }),
  ),
  mutant('rewrites finalized blocks', ['long partition'], judging({ isBelowFinal: () => false })),
  mutant('finalizes sooner than the rules say', ['none'], { rules: { finalizedDepth: 7 } }),
  mutant('takes blocks without work', ['forge'], judging({ hasWork: () => true })),
  mutant("takes a header with another's body", ['forge'], judging({ hasBody: () => true })),
  mutant('takes blocks before their time', ['forge'], { maxFutureMs: 600_000 }),
  mutant('takes times before the parent', ['forge'], without('time')),
  mutant('takes any target', ['forge'], without('target')),
  mutant('takes any height', ['forge'], without('height')),
  mutant('takes blocks of other chains', ['forge'], without('chain')),
  mutant('takes another payload', ['forge'], without('payload')),
  mutant('takes payloads on other parents', ['forge'], without('payload parent')),
  mutant('takes payloads with other numbers', ['forge'], without('payload number')),
  mutant('takes payloads with other times', ['forge'], without('payload time')),
  mutant('takes randomness that a miner chose', ['forge'], without('randomness')),
  mutant("takes another's fees", ['forge'], without('fees')),
  mutant('takes any reward', ['forge'], without('reward')),
  mutant('never halves the reward', ['hash step', 'none'], { rules: { halvingBlocks: 0 } }),
  mutant('keeps what execution refuses', ['forge'], { execution: runAnything }),
  mutant('loses the transactions of blocks that leave', partitions, { execution: forgetRemoved }),
  mutant(
    'does not say which blocks left',
    partitions,
    walking((path) => ({ ...path, removed: [] })),
  ),
  mutant(
    'says in the wrong order which blocks left',
    partitions,
    walking((path) => ({ ...path, removed: path.removed.toReversed() })),
  ),
  mutant('keeps every block without a parent', ['flood'], {
    waiting: { count: Infinity, perPeer: Infinity, sizeBytes: Infinity },
  }),
]
