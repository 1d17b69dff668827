import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ContestantName, contestants, isContestant } from './publish-contestants.ts'

type Taken = { result: string; ms: number; cpuMs: number; peakBytes: number }

const mebibyte = 1_048_576
const names = Object.keys(contestants).filter(isContestant)

/** What each is measured against: those that do as much hashing, encrypting and writing. */
const yardsticks: Partial<Record<ContestantName, ContestantName>> = {
  'ipfs-unixfs-importer alone': 'sha256 alone',
  'published plain, blocks thrown away': 'sha256 alone',
  'published encrypted, blocks thrown away': 'sha256 + AES-256-GCM alone',
  'published plain to the folder store': 'sha256, one file written',
  'published encrypted to the folder store': 'sha256 + AES-GCM, one file written',
}

/**
 * Publishes a file of random bytes of `sizeMiB` (less where the disk has little room) in all ways, `rounds`
 * times each in turn, and prints the best of each (other work on the machine only adds) and its ratio to its
 * yardstick. The last table shows that peak memory does not grow with the file.
 */
export async function benchPublish({ sizeMiB, rounds }: { sizeMiB: number; rounds: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-bench-data-'))
  try {
    const { bavail, bsize } = await statfs(folder)
    const size = Math.min(sizeMiB, Math.floor((bavail * bsize) / mebibyte / 4))
    const path = join(folder, 'file')
    await writeRandom(path, size)
    const taken = new Map<ContestantName, Taken[]>(names.map((name) => [name, []]))
    for (let round = 0; round < rounds; round++)
      for (const name of names) taken.get(name)?.push(await run(name, path, folder))
    print(size, taken)
    await printMemory(folder, size)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(name: ContestantName, path: string, folder: string): Promise<Taken> {
  const out = join(folder, 'store')
  await mkdir(out)
  const main = join(import.meta.dirname, 'publish-process.ts')
  const taken = JSON.parse(
    execFileSync(process.execPath, [main, name, path, out], { encoding: 'utf8' }),
  )
  await rm(out, { recursive: true })
  return taken
}

function print(sizeMiB: number, taken: ReadonlyMap<ContestantName, Taken[]>): void {
  const best = (name: ContestantName, of: (one: Taken) => number) =>
    Math.min(...(taken.get(name) ?? []).map(of))
  console.log(
    `${sizeMiB} MiB of random bytes`.padEnd(42),
    '    s   CPU s  GiB/s  peak MiB  ratio   of CPU',
  )
  for (const name of names) {
    const ms = best(name, (one) => one.ms)
    const yardstick = yardsticks[name]
    const ratioOf = (of: (one: Taken) => number) =>
      (yardstick ? (best(name, of) / best(yardstick, of)).toFixed(2) : '').padStart(7)
    const cells = [
      (ms / 1000).toFixed(2).padStart(6),
      (best(name, (one) => one.cpuMs) / 1000).toFixed(2).padStart(6),
      (sizeMiB / 1024 / (ms / 1000)).toFixed(2).padStart(6),
      (best(name, (one) => one.peakBytes) / mebibyte).toFixed(0).padStart(8),
      ratioOf((one) => one.ms),
      ratioOf((one) => one.cpuMs),
      yardstick ? ` of "${yardstick}"` : '',
    ]
    console.log(name.padEnd(42), cells.join(' '))
  }
}

async function printMemory(folder: string, sizeMiB: number): Promise<void> {
  const path = join(folder, 'file')
  const name = 'published encrypted to the folder store'
  console.log('\nPeak memory of the same, by size of the file')
  for (const size of [sizeMiB >> 4, sizeMiB >> 2, sizeMiB]) {
    await writeRandom(path, size)
    const { peakBytes } = await run(name, path, folder)
    console.log(`${String(size).padStart(6)} MiB   ${(peakBytes / mebibyte).toFixed(0)} MiB`)
  }
}

async function writeRandom(path: string, sizeMiB: number): Promise<void> {
  await using file = await open(path, 'w')
  for (let i = 0; i < sizeMiB; i++) await file.writeFile(randomBytes(mebibyte))
  await file.sync()
}
