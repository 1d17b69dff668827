import { realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError } from '@quoin/kernel'
import type {
  Machine,
  MachineDriver,
  MachineEnd,
  MachineSpecInput,
  MachineUsage,
} from '@quoin/machines'
import type { Job } from '../declaration.ts'
import type { JobErrorCode } from '../errors.ts'
import { machineFolders } from '../work/folders.ts'
import { type JobProgress, type Message, messageMark, messageSchema } from '../work/messages.ts'
import { checkOutputs, type MadeOutput } from './check-outputs.ts'
import { type Folders, stage } from './stage.ts'

const stopGraceMs = 2_000
const maxLogLines = 1_000
/** 128 and SIGKILL: something else ended the program. */
const killedExitCode = 137

export interface RunOptions {
  driver: MachineDriver
  /** The job's own, for all its attempts: a checkpoint in it is gone on from. */
  directory: string
  /** Where each input's file or folder is. */
  paths: Readonly<Record<string, string>>
  onProgress?: (progress: JobProgress) => void
  onLog?: (line: string) => void
  signal?: AbortSignal
}

export interface RanJob {
  outputs: MadeOutput[]
  usage: MachineUsage
}

/**
 * Runs a job on a machine, once. The outputs stay in its directory.
 * @throws CodedError `JOB_FAILED`, `LIMIT_REACHED`, `OUTPUT_REFUSED`, `CANCELLED`
 */
export async function runJob(job: Job, options: RunOptions): Promise<RanJob> {
  const { driver, directory, paths, signal } = options
  const folders = await stage(job, { directory, paths })
  await using machine = await driver.create(specificationOf(job, folders, paths))
  const stop = () => void machine.stop({ graceMs: stopGraceMs }).catch(() => {})
  signal?.throwIfAborted()
  await machine.start()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    const failure = await follow(machine, options)
    const end = await machine.ended
    requireSuccess(end, failure, job)
    return { outputs: await checkOutputs(job, folders.outputs), usage: end.usage }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** @returns what the work said of its failure, or its last lines */
async function follow(
  machine: Machine,
  { onProgress, onLog }: RunOptions,
): Promise<{ code: string; message: string } | string[]> {
  const lines: string[] = []
  let failure: { code: string; message: string } | null = null
  for await (const { stream, text } of machine.logs()) {
    const message = stream === 'out' ? parseMessage(text) : null
    if (message && 'progress' in message) onProgress?.(message.progress)
    else if (message) failure = message.failure
    else {
      onLog?.(text)
      lines.push(text)
      if (lines.length > maxLogLines) lines.shift()
    }
  }
  return failure ?? lines
}

function parseMessage(line: string): Message | null {
  if (!line.startsWith(messageMark)) return null
  try {
    return messageSchema.parse(JSON.parse(line.slice(messageMark.length)))
  } catch {
    return null
  }
}

function requireSuccess(
  { reason, exitCode }: MachineEnd,
  failure: { code: string; message: string } | string[],
  { limits }: Job,
): void {
  if (reason === 'stopped') throw jobError('CANCELLED', 'The job was cancelled')
  if (reason === 'memory')
    throw jobError(
      'LIMIT_REACHED',
      `The job needs more than ${Math.floor(limits.memoryBytes / 2 ** 20)} MiB of memory`,
    )
  if (reason === 'disk')
    throw jobError(
      'LIMIT_REACHED',
      `The job needs more than ${Math.floor(limits.diskBytes / 2 ** 20)} MiB of disk`,
    )
  if (reason === 'time')
    throw jobError('LIMIT_REACHED', `The job takes longer than ${limits.wallMs / 1000} s`)
  if (exitCode === 0) return
  if (!Array.isArray(failure)) throw jobError('JOB_FAILED', failure.message)
  const last = failure.slice(-20).join('\n')
  throw jobError(
    'JOB_FAILED',
    `The job ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}${last ? `:\n${last}` : ''}`,
    { wasKilled: exitCode === null || exitCode === killedExitCode },
  )
}

function specificationOf(job: Job, folders: Folders, paths: RunOptions['paths']): MachineSpecInput {
  const { work, limits } = job
  const target = { ...machineFolders, scratch: '/scratch' }
  const inputFolders = job.inputs
    .filter(({ name }) => statSync(paths[name] ?? '').isDirectory())
    .map(({ name }) => ({
      source: resolve(paths[name] ?? ''),
      target: join(target.inputs, name),
      isWritable: false,
    }))
  const command =
    work.kind === 'program'
      ? [process.execPath, programPath(work.program, paths), ...work.arguments]
      : [process.execPath, main, target.job, target.inputs, target.outputs, target.checkpoint]
  return {
    command,
    environment: { TMPDIR: target.scratch, HOME: target.scratch, TZ: 'UTC', NODE_NO_WARNINGS: '1' },
    workingDirectory: '/',
    mounts: [
      ...(work.kind === 'program' ? [] : codeMounts()),
      { source: folders.job, target: target.job, isWritable: false },
      { source: folders.inputs, target: target.inputs, isWritable: false },
      ...inputFolders,
      { source: folders.outputs, target: target.outputs, isWritable: true },
      { source: folders.checkpoint, target: target.checkpoint, isWritable: true },
      { source: folders.scratch, target: target.scratch, isWritable: true },
    ],
    limits: { ...limits, processes: 256 },
    network: 'none',
  }
}

function programPath(input: string, paths: RunOptions['paths']): string {
  const inside = join(machineFolders.inputs, input)
  return statSync(paths[input] ?? '').isDirectory() ? join(inside, 'main.mjs') : inside
}

const main = fileURLToPath(new URL('../work/main.ts', import.meta.url))
const root = resolve(dirname(main), '../../../..')

/** Our own code, read-only, where it is: a training or pipeline runs it. */
function codeMounts(): MachineSpecInput['mounts'] {
  return ['packages', 'contracts', 'node_modules'].map((folder) => {
    const source = realpathSync(join(root, folder))
    return { source, target: source, isWritable: false }
  })
}

function jobError(
  code: JobErrorCode,
  message: string,
  detail: { wasKilled?: boolean } = {},
): CodedError<JobErrorCode> {
  return new CodedError<JobErrorCode>(code, message, { detail })
}
