import { chmod, copyFile, link, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '@quoin/kernel'
import type { Job } from '../declaration.ts'
import { jobFile } from '../work/folders.ts'

const readableToOthers = 0o004

export interface Folders {
  job: string
  inputs: string
  outputs: string
  checkpoint: string
  scratch: string
}

/**
 * Makes the folders that a machine gets, in one that only this process's user may enter. A checkpoint that is
 * there stays; outputs of an attempt before do not.
 */
export async function stage(
  job: Job,
  { directory, paths }: { directory: string; paths: Readonly<Record<string, string>> },
): Promise<Folders> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const folders: Folders = {
    job: join(directory, 'job'),
    inputs: join(directory, 'inputs'),
    outputs: join(directory, 'outputs'),
    checkpoint: join(directory, 'checkpoint'),
    scratch: join(directory, 'scratch'),
  }
  for (const folder of Object.values(folders)) await openToMachine(folder)
  await writeFile(join(folders.job, jobFile), canonicalJson(job), { mode: 0o644 })
  for (const { name } of job.inputs) await stageInput(paths[name] ?? '', join(folders.inputs, name))
  return folders
}

async function openToMachine(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
}

/**
 * A link where that is possible, since inputs may be large; a file that nobody else may read is copied, for a
 * link's mode would be its own. Folders are mounted as they are.
 */
async function stageInput(source: string, target: string): Promise<void> {
  const stats = await stat(source)
  if (stats.isDirectory()) {
    await mkdir(target, { recursive: true })
    return
  }
  const isLinked =
    (stats.mode & readableToOthers) !== 0 &&
    (await link(source, target).then(
      () => true,
      () => false,
    ))
  if (isLinked) return
  await copyFile(source, target)
  await chmod(target, 0o644)
}
