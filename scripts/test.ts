/**
 * Runs every test of the repository, or those whose path contains one of the arguments. Packages' tests
 * share the processor; the whole-system tests in test/ run after them, one file at a time.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const wanted = process.argv.slice(2)
const isWanted = (file: string) => wanted.length === 0 || wanted.some((part) => file.includes(part))
const find = (pattern: string) => globSync(pattern).filter(isWanted).sort()

const units = find('{packages,apps}/*/{src,scripts}/**/*.test.ts').concat(
  find('contracts/{src,scripts}/**/*.test.ts'),
)
const wholes = find('test/**/*.test.ts')
if (units.length + wholes.length === 0) {
  console.error(`No test matches ${wanted.join(' ')}`)
  process.exit(1)
}

const files = [...units, ...wholes]
const concurrency = Math.max(1, Math.min(4, availableParallelism()))
const run = spawnSync(
  process.execPath,
  ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=600000', ...files],
  { stdio: 'inherit' },
)
process.exit(run.status ?? 1)
