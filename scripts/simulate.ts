/**
 * Plays the deterministic simulations of both kinds of consensus: see the usage. The same seed gives the
 * same. Exit code 1 when a seed fails or a mutant survives.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const usage = `Usage: npm run simulate -- [--consensus bft|pow] [--seeds N] [--seed S] [--mutants] [--json]
  --consensus C    only this one; both otherwise
  --seeds N        so many seeds (default 1000 for bft, 100 for pow; 1 when only --seed is given)
  --seed S         the first seed (default 1); without --seeds, replays it
  --scenario NAME  of bft, only this one (--consensus bft --help lists them)
  --mutants        also show that each wrong validator or node is found
  --json           one object at the end, on standard output`

const players = {
  bft: fileURLToPath(new URL('../packages/consensus/scripts/simulate.ts', import.meta.url)),
  pow: fileURLToPath(new URL('../packages/pow/scripts/simulate.ts', import.meta.url)),
}
type Kind = keyof typeof players

const { values } = parseArgs({
  options: {
    consensus: { type: 'string' },
    seeds: { type: 'string' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const kinds: Kind[] = []
for (const kind of ['bft', 'pow'] as const)
  if ((values.consensus ?? (values.scenario === undefined ? kind : 'bft')) === kind)
    kinds.push(kind)
if (kinds.length === 0) {
  console.error(`No consensus ${values.consensus}\n${usage}`)
  process.exit(2)
}
if (values.help && kinds.length > 1) {
  console.log(usage)
  process.exit(0)
}

const forwarded = (['seeds', 'seed', 'scenario'] as const).flatMap((name) => {
  const value = values[name]
  return value === undefined ? [] : [`--${name}`, value]
})
for (const name of ['mutants', 'json', 'help'] as const)
  if (values[name]) forwarded.push(`--${name}`)

const results: Record<string, unknown> = {}
let exitCode = 0
for (const kind of kinds) {
  const { status, stdout } = spawnSync(process.execPath, [players[kind], ...forwarded], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', values.json ? 'pipe' : 'inherit', 'inherit'],
  })
  exitCode = Math.max(exitCode, status ?? 1)
  if (values.json && stdout) results[kind] = JSON.parse(stdout)
}
if (values.json) console.log(JSON.stringify(merge(results)))
process.exitCode = exitCode

/** What is said of each kind, under its name; failures, mutants and seconds of all of them together. */
function merge(each: Record<string, unknown>): Record<string, unknown> {
  const items = (name: string) =>
    Object.entries(each).flatMap(([consensus, result]) => {
      const list = fieldOf(result, name)
      return Array.isArray(list) ? list.map((item) => ({ consensus, ...item })) : []
    })
  const [any] = Object.values(each)
  const seconds = Object.values(each).map((result) => Number(fieldOf(result, 'seconds') ?? 0))
  return {
    seeds: fieldOf(any, 'seeds'),
    first: fieldOf(any, 'first'),
    seconds: seconds.reduce((sum, part) => sum + part, 0),
    failures: items('failures'),
    mutants: items('mutants'),
    ...each,
  }
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
