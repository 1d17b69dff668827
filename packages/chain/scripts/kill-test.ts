/** `kill-test.ts [--times N] [--block-time MS]`: kills a chain node under load and checks that nothing is lost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runKillTest } from './kill-test/run.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    'block-time': { type: 'string', default: '50' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'quoin-kill-'))
const result = await runKillTest({
  folder,
  times: Number(values.times),
  blockTimeMs: Number(values['block-time']),
  random: Math.random,
  onKill: (progress) => console.log(JSON.stringify(progress)),
})
console.log(JSON.stringify(result))
await rm(folder, { recursive: true })
