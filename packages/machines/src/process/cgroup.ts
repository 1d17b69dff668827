import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { MachineSpec } from '../specification.ts'

const root = '/sys/fs/cgroup'
const periodUs = 100_000

/** The kernel's own limits and counts for a group of processes (cgroups(7)), where this user may set them. */
export interface Cgroup {
  /** Files into which a process writes its id to join. */
  joinFiles: readonly string[]
  usage(): Promise<{ cpuMs: number; memoryBytes: number; wasOutOfMemory: boolean }>
  /** Once all processes are gone. */
  remove(): Promise<void>
}

/** @returns null where groups cannot be made here */
export async function createCgroup(
  id: string,
  limits: MachineSpec['limits'],
): Promise<Cgroup | null> {
  try {
    return (await isVersion2())
      ? await createVersion2(id, limits)
      : await createVersion1(id, limits)
  } catch {
    return null
  }
}

async function isVersion2(): Promise<boolean> {
  const controllers = await readFile(join(root, 'cgroup.controllers'), 'utf8').catch(() => '')
  return controllers.includes('memory')
}

async function createVersion2(id: string, limits: MachineSpec['limits']): Promise<Cgroup> {
  await writeFile(join(root, 'cgroup.subtree_control'), '+memory +pids +cpu')
  const folder = join(root, `quoin-${id}`)
  await mkdir(folder)
  await writeFile(join(folder, 'memory.max'), `${limits.memoryBytes}`)
  await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => {})
  await writeFile(join(folder, 'pids.max'), `${limits.processes}`)
  await writeFile(join(folder, 'cpu.max'), `${Math.ceil(limits.cpus * periodUs)} ${periodUs}`)
  return {
    joinFiles: [join(folder, 'cgroup.procs')],
    async usage() {
      const events = await readFile(join(folder, 'memory.events'), 'utf8')
      return {
        cpuMs: fieldOf(await readFile(join(folder, 'cpu.stat'), 'utf8'), 'usage_usec') / 1000,
        memoryBytes: Number(await readFile(join(folder, 'memory.peak'), 'utf8').catch(() => '0')),
        wasOutOfMemory: fieldOf(events, 'oom_kill') > 0,
      }
    },
    remove: () => removeFolders([folder]),
  }
}

async function createVersion1(id: string, limits: MachineSpec['limits']): Promise<Cgroup> {
  const folderOf = (controller: string) => join(root, controller, `quoin-${id}`)
  const controllers = ['memory', 'pids', 'cpu', 'cpuacct']
  for (const controller of controllers) await mkdir(folderOf(controller), { recursive: true })
  const memory = folderOf('memory')
  await writeFile(join(memory, 'memory.limit_in_bytes'), `${limits.memoryBytes}`)
  await writeFile(join(memory, 'memory.memsw.limit_in_bytes'), `${limits.memoryBytes}`).catch(
    () => {},
  )
  await writeFile(join(folderOf('pids'), 'pids.max'), `${limits.processes}`)
  await writeFile(join(folderOf('cpu'), 'cpu.cfs_period_us'), `${periodUs}`)
  await writeFile(join(folderOf('cpu'), 'cpu.cfs_quota_us'), `${Math.ceil(limits.cpus * periodUs)}`)
  return {
    joinFiles: controllers.map((controller) => join(folderOf(controller), 'cgroup.procs')),
    async usage() {
      const events = await readFile(join(memory, 'memory.oom_control'), 'utf8')
      return {
        cpuMs: Number(await readFile(join(folderOf('cpuacct'), 'cpuacct.usage'), 'utf8')) / 1e6,
        memoryBytes: Number(await readFile(join(memory, 'memory.max_usage_in_bytes'), 'utf8')),
        wasOutOfMemory: fieldOf(events, 'oom_kill') > 0,
      }
    },
    remove: () => removeFolders(controllers.map(folderOf)),
  }
}

function fieldOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

const removalAttempts = 50
const pauseMs = 20

/** The kernel lets a group go a moment after its last process. */
async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    for (let attempt = 0; attempt < removalAttempts; attempt++) {
      const isGone = await rmdir(folder).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
      )
      if (isGone) break
      await delay(pauseMs)
    }
}
