import { parentPort } from 'node:worker_threads'
import { simulatePow } from '../src/simulation/simulate-pow.ts'

/** A promise that nobody waits for and that fails is a failure of the seed in hand. */
let stray: unknown = null
process.on('unhandledRejection', (reason) => {
  stray ??= reason
})

parentPort?.on('message', async (seed: number) => {
  stray = null
  const result = await simulatePow(seed)
  const failure = stray === null ? null : `an unhandled rejection: ${stray}`
  parentPort?.postMessage({ seed, ...result, failure: result.failure ?? failure })
})
