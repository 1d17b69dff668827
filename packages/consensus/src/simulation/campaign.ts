import { simulate } from './core-network.ts'
import { attack } from './guided-adversary.ts'
import { planShell, shellScenarios } from './shell/scenarios.ts'
import { simulateShell } from './shell/shell-world.ts'

/** One execution: the same job always does the same. */
export interface Job {
  scenario: string
  seed: number
}

export interface Report extends Job {
  /** What was wrong; null when nothing was. */
  failure: string | null
  events: number
  heights: number
  crashes: number
  /** The highest round that was needed. */
  rounds: number
  /** Honest validators disagreed, as more than a third of dishonest power allows; enough were convicted. */
  isFork: boolean
}

export type Trace = (timeMs: number, line: string) => void

/** Attacks on one height are cheap: so many for each seed. */
const attacksPerSeed = 20
const coreScenarios = ['core-network', 'guided-adversary']

export const scenarioNames: readonly string[] = [...coreScenarios, ...Object.keys(shellScenarios)]

/** What one seed stands for: both simulations of the core, and one scenario of the whole engine. */
export function jobsOf(seed: number): Job[] {
  const shells = Object.keys(shellScenarios)
  const shell = shells[seed % shells.length]
  return [...coreScenarios, ...(shell ? [shell] : [])].map((scenario) => ({ scenario, seed }))
}

/** @throws RangeError for an unknown scenario */
export async function runJob(job: Job, trace?: Trace): Promise<Report> {
  const { scenario, seed } = job
  const tracing = trace ? { trace } : {}
  try {
    if (scenario === 'guided-adversary') return { ...job, ...runAttacks(seed) }
    if (scenario === 'core-network') {
      const result = simulate({ seed, ...tracing })
      return { ...job, ...result, heights: 0, isFork: false }
    }
    const result = await simulateShell({ seed, plan: planShell(scenario, seed), ...tracing })
    return { ...job, ...result, isFork: result.forkAccused !== null }
  } catch (error) {
    if (error instanceof RangeError) throw error
    const failure = `the simulation itself failed: ${error instanceof Error ? error.stack : error}`
    return { ...job, ...nothing, failure }
  }
}

const nothing = { failure: null, events: 0, heights: 0, crashes: 0, rounds: 0, isFork: false }

function runAttacks(seed: number): Omit<Report, keyof Job> {
  const seeds = Array.from({ length: attacksPerSeed }, (_, index) => seed * attacksPerSeed + index)
  for (const each of seeds) {
    const failure = attack(each)
    if (failure !== null) return { ...nothing, failure: `attack ${each}: ${failure}` }
  }
  return { ...nothing, events: attacksPerSeed }
}
