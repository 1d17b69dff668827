import { contestants, isContestant } from './publish-contestants.ts'

/** Runs one contestant and prints what it took, in a process of its own, so that its peak memory is known. */
const [name = '', path = '', folder = ''] = process.argv.slice(2)
if (!isContestant(name)) throw new Error(`No contestant ${name}`)
const from = performance.now()
const cpu = process.cpuUsage()
const result = await contestants[name](path, folder)
const { user, system } = process.cpuUsage(cpu)
const ms = performance.now() - from
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(JSON.stringify({ result, ms, cpuMs: (user + system) / 1000, peakBytes }))
