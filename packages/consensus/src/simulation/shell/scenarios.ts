import { createChoices, type Random } from '../random.ts'
import { type Lie, lies } from './byzantine-wire.ts'
import { createGenuineCheck, type ShellPlan } from './shell-plan.ts'

type Changes = (random: Random) => Partial<ShellPlan>

const quick = {
  pace: { blockTimeMs: 150, heartbeatMs: 400 },
  timers: {
    propose: { baseMs: 400, growthMs: 150 },
    prevote: { baseMs: 150, growthMs: 100 },
    precommit: { baseMs: 150, growthMs: 100 },
  },
}

const calm: Changes = () => ({ stableMs: 3000 })

function liar(random: Random, chosen: readonly Lie[], clockSkewMs = 0): Partial<ShellPlan> {
  const index = random.below(4)
  return { byzantine: new Map([[index, { lies: new Set(chosen), clockSkewMs, twins: false }]]) }
}

function bad(random: Random): Partial<ShellPlan> {
  return {
    conditions: {
      loss: random.chance(0.3) ? 0 : random.between(0, 0.35),
      duplicates: 0.05,
      minDelayMs: 2,
      maxDelayMs: random.between(30, 800),
    },
    partitionChance: random.chance(0.5) ? 0.4 : 0,
    asymmetric: random.chance(0.4),
  }
}

/** Set changes that keep validator 0 and always at least four members. */
function somePowers(random: Random): number[] {
  const powers = Array.from({ length: 8 }, () => (random.chance(0.6) ? 1 + random.below(2) : 0))
  for (let index = 0; powers.filter((power) => power > 0).length < 4; index++) powers[index] = 1
  return powers
}

/** What can happen to a network of real engines. The seed decides the rest. */
export const shellScenarios: Readonly<Record<string, Changes>> = {
  calm,
  'bad-network': (random) => ({ ...bad(random), crashChance: 0 }),
  crashes: (random) => ({
    ...bad(random),
    crashChance: 0.6,
    maxDiskDelayMs: random.pick([0, 3, 30]),
  }),
  'restart-all': (random) => ({ crashChance: 1, maxDiskDelayMs: random.pick([0, 5]) }),
  twins: (random) => ({
    ...bad(random),
    partitionChance: 0.6,
    byzantine: new Map([[random.below(4), { lies: new Set<Lie>(), clockSkewMs: 0, twins: true }]]),
  }),
  'equivocating-proposer-and-voter': (random) => ({
    ...bad(random),
    ...liar(random, ['equivocate']),
  }),
  amnesia: (random) => ({ ...bad(random), ...liar(random, ['forget-locks', 'select']) }),
  'lying-valid-round': (random) => ({
    ...bad(random),
    ...liar(random, ['lie-valid-round', 'forge-proof', 'equivocate']),
  }),
  'forged-certificates': (random) => liar(random, ['forge-decided', 'forge-proof', 'lie-status']),
  'selective-sending': (random) => ({ ...bad(random), ...liar(random, ['select']) }),
  floods: (random) => liar(random, ['flood-future', 'replay', 'garbage', 'lie-status']),
  'all-lies': (random) => ({ ...bad(random), crashChance: 0.2, ...liar(random, lies) }),
  'bad-sync-peer': (random) => ({
    ...liar(random, ['bad-blocks', 'lie-status', 'forge-decided']),
    followers: 1,
    lateStarts: new Map([['4', 4000]]),
  }),
  'join-from-genesis': (random) => ({
    ...bad(random),
    followers: 2,
    lateStarts: new Map([
      ['4', 3000],
      ['3', 4000],
    ]),
  }),
  'one-silent': (random) => ({ ...bad(random), silent: new Set([random.below(4)]) }),
  'too-many-silent': () => ({ silentMs: 4000 }),
  'clock-skew': (random) => ({ ...bad(random), maxSkewMs: 800 }),
  'lying-timestamps': (random) =>
    liar(random, [], random.pick([-3_600_000, -5000, 5000, 3_600_000])),
  'slow-readers': (random) => ({ slowReaders: [String(random.below(4)), String(random.below(4))] }),
  'wiped-folder': (random) => ({ ...bad(random), ...liar(random, []), wipe: true }),
  'full-disk': () => ({ fullDisks: 1 }),
  'corrupt-log': () => ({ corruptions: 1 }),
  'lost-log': (random) => ({ ...bad(random), partitionChance: 0.6, losesLogs: true }),
  'execution-fails': (random) => ({ executionFailures: 1, maxDiskDelayMs: random.pick([0, 30]) }),
  epochs: (random) => epochs(random, {}),
  'epochs-in-partitions': (random) => epochs(random, { ...bad(random), partitionChance: 0.6 }),
  'restart-at-epoch-boundary': (random) => epochs(random, { restartsAtBoundary: true }),
  'slashed-while-proposing': (random) => ({
    ...epochs(random, liar(random, ['equivocate'])),
    slashes: true,
    nextPowers: (next) => somePowers(next).map((power) => Math.min(power, 1)),
  }),
  'join-from-snapshot': (random) => ({
    ...epochs(random, { ...bad(random), crashChance: 0.2 }),
    followers: 1,
    lateStarts: new Map([
      ['3', 3000],
      ['5', 4000],
      ['8', 5000],
    ]),
    snapshots: new Set(['3', '5', '8']),
  }),
  'full-swap': (random) => ({
    ...epochs(random, bad(random)),
    nextPowers: (next) => (next.chance(0.5) ? [1, 1, 1, 1, 0, 0, 0, 0] : [0, 0, 0, 0, 1, 1, 1, 1]),
  }),
  'weighted-power': (random) => ({
    ...bad(random),
    crashChance: 0.3,
    chain: { powers: [5, 3, 3, 2, 1, 1, 1], epochBlocks: 0, blockRewardGwei: 0n },
  }),
  'too-many-byzantine': (random) => ({
    partitionChance: 0.8,
    mayFork: true,
    boundMs: Number.POSITIVE_INFINITY,
    byzantine: new Map(
      [0, 1].map((index) => [
        index,
        { lies: new Set<Lie>(), clockSkewMs: 0, twins: random.chance(1) },
      ]),
    ),
  }),
}

function epochs(random: Random, changes: Partial<ShellPlan>): Partial<ShellPlan> {
  return {
    ...changes,
    stableMs: 7000,
    chain: { powers: [1, 1, 1, 1], epochBlocks: random.pick([2, 3, 5]), blockRewardGwei: 2n },
  }
}

/** The plan of a scenario under a seed. @throws RangeError for an unknown name */
export function planShell(name: string, seed: number): ShellPlan {
  const changes = shellScenarios[name]
  if (!changes) throw new RangeError(`No scenario ${name}`)
  const plan = {
    chain: { powers: [1, 1, 1, 1], epochBlocks: 0, blockRewardGwei: 0n },
    ...quick,
    conditions: { loss: 0, duplicates: 0.02, minDelayMs: 5, maxDelayMs: 40 },
    stableMs: 5000,
    boundMs: 60_000,
    crashChance: 0,
    partitionChance: 0,
    asymmetric: false,
    byzantine: new Map(),
    lateStarts: new Map(),
    snapshots: new Set<string>(),
    slashes: false,
    silent: new Set<number>(),
    silentMs: 0,
    slowReaders: [],
    maxSkewMs: 0,
    maxDiskDelayMs: 0,
    followers: 0,
    fullDisks: 0,
    executionFailures: 0,
    corruptions: 0,
    losesLogs: false,
    wipe: false,
    restartsAtBoundary: false,
    mayFork: false,
    nextPowers: somePowers,
    ...changes(createChoices(seed ^ 0x5eed)),
  }
  return { ...plan, isGenuine: createGenuineCheck(plan.chain) }
}
