// Tries the tests of the contracts: each wrong change of the lists, alone in a copy of this folder, must
// make one fail. `npm run mutate -w contracts`, or with words of the files or names of those to try. Exit status 1 when a
// change survives, or no longer fits the source.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractsFolder, forge } from './forge.ts'
import { licenceMutants } from './licence-mutants.ts'
import { type Mutant, stakingMutants } from './mutants.ts'

const words = process.argv.slice(2)
const mutants = [...stakingMutants, ...licenceMutants]
const chosen = mutants.filter(({ file, name }) =>
  words.every((word) => `${file} ${name}`.includes(word)),
)
const folder = mkdtempSync(join(tmpdir(), 'quoin-mutants-'))
const copy = join(folder, 'contracts')
try {
  for (const name of ['foundry.toml', 'solc.cjs', 'package.json', 'solidity', 'test'])
    cpSync(join(contractsFolder, name), join(copy, name), { recursive: true })
  const settings = join(copy, 'foundry.toml')
  // Half the time: what a change does, it does in plain code too.
  const plain = readFileSync(settings, 'utf8').replace('optimizer = true', 'optimizer = false')
  writeFileSync(settings, plain)
  symlinkSync(join(contractsFolder, '..', 'node_modules'), join(folder, 'node_modules'))
  for (const tests of new Set(chosen.map((mutant) => mutant.tests))) {
    const { status, output } = runTests(tests, '--fuzz-runs=64')
    if (status !== 0) throw new Error(`The tests fail without any change:\n${output}`)
  }
  const survivors = chosen.filter((mutant) => !isKilled(mutant))
  console.log(`${chosen.length - survivors.length} of ${chosen.length} wrong changes are found`)
  process.exitCode = survivors.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The campaign over the books comes second: it is slow, and most fall before. */
function isKilled({ name, file, tests, from, to }: Mutant): boolean {
  const path = join(copy, 'solidity', file)
  const source = readFileSync(path, 'utf8')
  if (source.split(from).length !== 2)
    throw new Error(`${name}: ${file} has what it changes not exactly once: ${from}`)
  writeFileSync(
    path,
    source.replace(from, () => to),
  )
  try {
    const first = runTests(tests, '--no-match-contract=Invariants', '--fuzz-runs=64')
    if (first.output.includes('Compiler run failed'))
      throw new Error(`${name}: does not compile\n${first.output}`)
    const killer = killerIn(first) ?? killerIn(runTests(tests, '--match-contract=Invariants'))
    console.log(killer === null ? `SURVIVES ${name} (${file})` : `found    ${name}: ${killer}`)
    return killer !== null
  } finally {
    writeFileSync(path, source)
  }
}

function killerIn({ status, output }: ReturnType<typeof runTests>): string | null {
  if (status === 0) return null
  return /\[FAIL.*?\] (\w+)/.exec(output)?.[1] ?? 'a test'
}

function runTests(tests: string, ...args: string[]) {
  return forge(['test', '--match-path', tests, ...args], { cwd: copy, isKept: true })
}
