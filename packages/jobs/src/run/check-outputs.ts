import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@quoin/kernel'
import { readTabularSchema } from '@quoin/models/core'
import type { Job, JobOutput } from '../declaration.ts'
import type { JobErrorCode } from '../errors.ts'

const maxReportBytes = 4 << 20

export interface MadeOutput {
  name: string
  kind: JobOutput['kind']
  path: string
  sizeBytes: number
}

/**
 * What may leave: the declared files and no others, each a plain file (no link, no folder), within its size,
 * and of its kind. @throws CodedError `OUTPUT_REFUSED`
 */
export async function checkOutputs(job: Job, folder: string): Promise<MadeOutput[]> {
  const declared = new Map(job.outputs.map((output) => [output.name, output]))
  for (const name of await readdir(folder))
    if (!declared.has(name)) throw refused(`it made "${name.slice(0, 64)}", which was not declared`)
  return Promise.all(job.outputs.map((output) => checkOutput(output, join(folder, output.name))))
}

async function checkOutput(output: JobOutput, path: string): Promise<MadeOutput> {
  const { name, kind, maxBytes } = output
  const stats = await lstat(path).catch(() => null)
  if (!stats) throw refused(`it made no "${name}"`)
  if (!stats.isFile() || stats.nlink > 1) throw refused(`"${name}" is no plain file`)
  if (stats.size > maxBytes)
    throw refused(`"${name}" has ${stats.size} bytes, and ${maxBytes} are declared`)
  if (kind === 'model') await checkModel(name, await readPlain(path))
  if (kind === 'report') checkReport(name, await readPlain(path))
  return { name, kind, path, sizeBytes: stats.size }
}

async function checkModel(name: string, bytes: Uint8Array): Promise<void> {
  try {
    readTabularSchema(bytes)
  } catch (cause) {
    throw refused(`"${name}" is no model: ${cause instanceof Error ? cause.message : cause}`)
  }
}

function checkReport(name: string, bytes: Uint8Array): void {
  if (bytes.length > maxReportBytes) throw refused(`the report "${name}" is larger than 4 MiB`)
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refused(`the report "${name}" is no JSON`)
  }
}

/** Never through a link, whatever changed since. */
async function readPlain(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

function refused(what: string): CodedError<JobErrorCode> {
  return new CodedError<JobErrorCode>('OUTPUT_REFUSED', `The job's outputs are refused: ${what}`)
}
