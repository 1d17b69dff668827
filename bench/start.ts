/**
 * How long a node takes from its command to ready (health 200): a first start, which makes keys and a
 * chain, and a second start on the same folder. Beside it, the time of an empty Node process.
 * Run: npm run bench:start [-- --json]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const rounds = 3
const command = fileURLToPath(new URL('../bin/quoin.mjs', import.meta.url))

async function secondsToReady(dataDir: string): Promise<number> {
  const startedAt = performance.now()
  const ports = ['--gateway-port', '0', '--rpc-port', '0']
  const args = [command, 'up', '--json', '--data-dir', dataDir, ...ports]
  const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(node.stdout, 'data')
  const seconds = (performance.now() - startedAt) / 1000
  node.kill('SIGINT')
  await once(node, 'exit')
  return seconds
}

async function secondsOfEmptyProcess(): Promise<number> {
  const startedAt = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'exit')
  return (performance.now() - startedAt) / 1000
}

const times: Record<'first' | 'second' | 'empty', number[]> = { first: [], second: [], empty: [] }
for (let round = 0; round < rounds; round++) {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-start-'))
  times.first.push(await secondsToReady(folder))
  times.second.push(await secondsToReady(folder))
  times.empty.push(await secondsOfEmptyProcess())
  await rm(folder, { recursive: true })
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const result = {
  firstStartSeconds: median(times.first),
  secondStartSeconds: median(times.second),
  emptyProcessSeconds: median(times.empty),
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ rounds, ...result }))
else
  for (const [name, seconds] of Object.entries(result))
    console.log(name.padEnd(22), seconds.toFixed(2))
