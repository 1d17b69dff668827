/** Replays Ethereum's RPC suite against our server: `npm run conformance:rpc -- [DIR] [--verbose]`. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { missReason, readKnownMisses } from '../src/conformance/known-misses.ts'
import { type CaseResult, runSuite } from '../src/conformance/run-suite.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false } },
})
const ownSuite = resolve(import.meta.dirname, '../fixtures/execution-apis')
const directory = positionals[0] ? resolve(positionals[0]) : ownSuite
const knownMisses = await readKnownMisses()

const { cases, importProblem } = await runSuite(directory)
if (importProblem) console.log(`The chain was imported in part: ${importProblem}\n`)
printScores(cases)
printNotes(cases)
process.exitCode = printMisses(cases)

function printScores(all: CaseResult[]): void {
  for (const [method, group] of Map.groupBy(all, (item) => item.method))
    console.log(`${method.padEnd(44)} ${count(passed(group), group)}`)
  console.log(`${'all'.padEnd(44)} ${count(passed(all), all)}\n`)
}

function printNotes(all: CaseResult[]): void {
  for (const { method, name, notes } of values.verbose ? all : [])
    for (const note of notes) console.log(`note  ${method}/${name}: ${note}`)
}

/** A miss without a known reason is a regression: exit code 1. */
function printMisses(all: CaseResult[]): 0 | 1 {
  let unexplained = 0
  for (const item of all) {
    const { method, name, difference } = item
    const key = `${method}/${name}`
    const reason = missReason(knownMisses, item)
    if (difference === null) {
      if (knownMisses[key]) console.log(`now passed, no longer a known miss: ${key}`)
      continue
    }
    if (!reason) unexplained++
    console.log(`${reason ? 'known miss' : 'MISS'}  ${key}: ${difference}`)
    if (reason) console.log(`            because ${reason}`)
  }
  console.log(unexplained === 0 ? 'No unexplained miss.' : `${unexplained} unexplained misses.`)
  return unexplained === 0 ? 0 : 1
}

function passed(group: CaseResult[]): CaseResult[] {
  return group.filter(({ difference }) => difference === null)
}

function count(some: CaseResult[], all: CaseResult[]): string {
  return `${some.length}/${all.length}`
}
