/**
 * Runs the deterministic simulation of proof of work: `--seeds N` seeds from `--seed S` on, over all
 * processors; `--seed S` alone plays that seed and says what happened. Exit code 1 when a seed fails or a
 * mutant survives.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { mutants } from '../src/simulation/mutants.ts'
import type { PowSimulation } from '../src/simulation/simulate-pow.ts'

const usage = `Usage: node packages/pow/scripts/simulate.ts [--seeds N] [--seed S] [--mutants] [--json]
  --seeds N  so many seeds (default 100; 1 when only --seed is given)
  --seed S   the first seed (default 1)
  --mutants  also show that each wrong node is found
  --json     one object at the end, on standard output`

type Report = PowSimulation & { seed: number }

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

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

const first = parseCount(values.seed, 1)
const isReplay = values.seed !== undefined && values.seeds === undefined
const count = isReplay ? 1 : parseCount(values.seeds, 100)

async function runSeeds(onReport: (report: Report) => void): Promise<void> {
  let next = first
  const work = async () => {
    const worker = new Worker(new URL('./simulate-worker.ts', import.meta.url))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const feed = () => (next < first + count ? worker.postMessage(next++) : resolve())
    worker.on('message', (report: Report) => {
      onReport(report)
      feed()
    })
    worker.once('error', reject)
    feed()
    await promise.finally(() => worker.terminate())
  }
  await Promise.all(Array.from({ length: Math.min(count, availableParallelism()) }, work))
}

async function runMutants(): Promise<{ name: string; foundBy: number | null }[]> {
  const results = []
  for (const { name, within, run } of mutants) {
    let foundBy: number | null = null
    for (let seed = 1; seed <= within && foundBy === null; seed++)
      if ((await run(seed)) !== null) foundBy = seed
    console.error(
      foundBy === null
        ? `SURVIVES ${within} seeds: a node that ${name}`
        : `found by seed ${foundBy}: a node that ${name}`,
    )
    results.push({ name, foundBy })
  }
  return results
}

const started = performance.now()
const totals = { blocks: 0, restarts: 0, transactions: 0, refusals: 0, deepest: 0 }
const failures: Report[] = []
let done = 0
let lastShown = started
await runSeeds((report) => {
  done += 1
  totals.blocks += report.height
  totals.restarts += report.restarts
  totals.transactions += report.transactions
  totals.refusals += report.refusals
  totals.deepest = Math.max(totals.deepest, report.deepestReorganization)
  if (isReplay) console.error(`seed ${report.seed}: ${report.faults.join(', ')}`)
  if (report.failure !== null) {
    failures.push(report)
    console.error(`FAILED proof of work, seed ${report.seed}: ${report.failure}`)
  }
  if (performance.now() - lastShown < 5000) return
  lastShown = performance.now()
  console.error(`${done} of ${count} seeds of proof of work, ${totals.blocks} blocks`)
})
const killed = values.mutants ? await runMutants() : []
const survivors = killed.filter(({ foundBy }) => foundBy === null)
const seconds = Math.round((performance.now() - started) / 100) / 10
if (values.json)
  console.log(
    JSON.stringify({ seeds: count, first, seconds, ...totals, failures, mutants: killed }),
  )
else {
  const { blocks, restarts, refusals, deepest } = totals
  console.log(
    `${count} seeds of proof of work, ${blocks} blocks, ${restarts} restarts, reorganizations of up to ${deepest} blocks, ${refusals} refused, ${seconds} s: ${failures.length} failed`,
  )
  if (values.mutants)
    console.log(`${killed.length - survivors.length} of ${killed.length} mutants found`)
}
const [failed] = failures
if (failed) console.error(`To see it: npm run simulate -- --consensus pow --seed ${failed.seed}`)
process.exit(failed || survivors.length > 0 ? 1 : 0)
