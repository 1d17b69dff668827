import { readdir, readFile } from 'node:fs/promises'

/** Linux gives these for every process: clock ticks are a hundredth of a second, pages 4 KiB. */
const tickMs = 10
const pageBytes = 4096

interface Stat {
  pid: number
  name: string
  parent: number
  cpuMs: number
  memoryBytes: number
}

/** What a process and all below it use, as far as they live. */
export async function readTree(root: number): Promise<{ cpuMs: number; memoryBytes: number }> {
  const total = { cpuMs: 0, memoryBytes: 0 }
  for (const { cpuMs, memoryBytes } of await below(root)) {
    total.cpuMs += cpuMs
    total.memoryBytes += memoryBytes
  }
  return total
}

/** A process and all below it. */
export async function listTree(root: number): Promise<number[]> {
  return (await below(root)).map(({ pid }) => pid)
}

/** Without the sandbox's own: the first, and those below it of the same name. */
export async function listPrograms(root: number): Promise<number[]> {
  const [first, ...rest] = await below(root)
  return rest.filter(({ name }) => name !== first?.name).map(({ pid }) => pid)
}

async function below(root: number): Promise<Stat[]> {
  const stats = await readAll()
  const children = Map.groupBy(stats, ({ parent }) => parent)
  const found = stats.filter(({ pid }) => pid === root)
  for (const { pid } of found) found.push(...(children.get(pid) ?? []))
  return found
}

async function readAll(): Promise<Stat[]> {
  const names = await readdir('/proc')
  const stats = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readStat))
  return stats.filter((stat) => stat !== null)
}

/** proc(5), /proc/pid/stat: the name may hold spaces and parentheses. @returns null when it ended */
async function readStat(pid: string): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (!text) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (index: number) => Number(fields[index] ?? 0)
  return {
    pid: Number(pid),
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    parent: number(1),
    cpuMs: (number(11) + number(12) + number(13) + number(14)) * tickMs,
    memoryBytes: number(21) * pageBytes,
  }
}
