/**
 * Runs the deterministic simulation of consensus: `--seeds N` seeds from `--seed S` on, over all processors;
 * `--seed S` alone replays that seed, event by event. Exit code 1 when a seed fails or a mutant survives.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Job, jobsOf, type Report, runJob, scenarioNames } from '../src/simulation/campaign.ts'
import { mutants } from '../src/simulation/mutants.ts'
import { createWorkerPool } from './worker-pool.ts'

const usage = `Usage: npm run simulate -- [--seeds N] [--seed S] [--scenario NAME] [--mutants] [--json]
  --seeds N        so many seeds (default 1000; 1 when only --seed is given)
  --seed S         the first seed (default 1); without --seeds, replays it with a log of its events
  --scenario NAME  only this one: ${scenarioNames.join(', ')}
  --mutants        also show that each wrong validator is found
  --json           one object at the end, on standard output`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

interface Totals {
  jobs: number
  events: number
  heights: number
  crashes: number
  forks: number
  byScenario: Record<string, number>
  failures: Report[]
}

function parseCount(text: string | undefined, otherwise: number): number {
  const count = Number(text ?? otherwise)
  if (Number.isSafeInteger(count) && count >= 0) return count
  console.error(`Not a whole number: ${text}\n${usage}`)
  process.exit(2)
}

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const { scenario } = values
if (scenario !== undefined && !scenarioNames.includes(scenario)) {
  console.error(`No scenario ${scenario}\n${usage}`)
  process.exit(2)
}

const first = parseCount(values.seed, 1)
const isReplay = values.seed !== undefined && values.seeds === undefined
const count = isReplay ? 1 : parseCount(values.seeds, 1000)
const jobs = Array.from({ length: count }, (_, index) => first + index).flatMap((seed): Job[] =>
  scenario === undefined ? jobsOf(seed) : [{ scenario, seed }],
)

async function replay(): Promise<Report[]> {
  const failures: Report[] = []
  for (const job of jobs) {
    console.error(`\n${job.scenario}, seed ${job.seed}`)
    const report = await runJob(job, (timeMs, line) =>
      console.error(`${timeMs.toFixed(1).padStart(9)}  ${line}`),
    )
    console.error(report.failure === null ? 'nothing wrong' : `FAILED: ${report.failure}`)
    if (report.failure !== null) failures.push(report)
  }
  return failures
}

async function runAll(): Promise<Totals> {
  const totals: Totals = {
    jobs: 0,
    events: 0,
    heights: 0,
    crashes: 0,
    forks: 0,
    byScenario: {},
    failures: [],
  }
  const started = performance.now()
  let lastShown = started
  await using pool = createWorkerPool(availableParallelism())
  await pool.run(jobs, (report) => {
    totals.jobs += 1
    totals.events += report.events
    totals.heights += report.heights
    totals.crashes += report.crashes
    totals.forks += report.isFork ? 1 : 0
    totals.byScenario[report.scenario] = (totals.byScenario[report.scenario] ?? 0) + 1
    if (report.failure !== null) {
      totals.failures.push(report)
      console.error(`FAILED ${report.scenario}, seed ${report.seed}: ${report.failure}`)
    }
    if (performance.now() - lastShown < 5000) return
    lastShown = performance.now()
    const seconds = ((lastShown - started) / 1000).toFixed(0)
    console.error(`${totals.jobs} of ${jobs.length} runs, ${totals.events} events, ${seconds} s`)
  })
  return totals
}

async function runMutants(): Promise<{ name: string; foundBy: number | null }[]> {
  const results = []
  for (const { name, within, run } of mutants) {
    let foundBy: number | null = null
    for (let seed = 1; seed <= within && foundBy === null; seed++)
      if ((await run(seed)) !== null) foundBy = seed
    console.error(
      foundBy === null
        ? `SURVIVES ${within} seeds: a validator that ${name}`
        : `found by seed ${foundBy}: a validator that ${name}`,
    )
    results.push({ name, foundBy })
  }
  return results
}

const started = performance.now()
if (isReplay) process.exit((await replay()).length > 0 ? 1 : 0)
const totals = await runAll()
const killed = values.mutants ? await runMutants() : []
const survivors = killed.filter(({ foundBy }) => foundBy === null)
const seconds = Math.round((performance.now() - started) / 100) / 10
const [failed] = totals.failures
if (values.json)
  console.log(JSON.stringify({ seeds: count, first, seconds, ...totals, mutants: killed }))
else {
  const { jobs: runs, events, heights, crashes, forks, failures } = totals
  console.log(
    `${count} seeds, ${runs} runs, ${events} events, ${heights} heights, ${crashes} crashes, ${forks} forks with enough convicted, ${seconds} s: ${failures.length} failed`,
  )
  if (values.mutants)
    console.log(`${killed.length - survivors.length} of ${killed.length} mutants found`)
}
if (failed)
  console.error(
    `To see it: npm run simulate -- --scenario ${failed.scenario} --seed ${failed.seed}`,
  )
process.exit(failed || survivors.length > 0 ? 1 : 0)
