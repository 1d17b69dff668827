import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, type Logger } from '@quoin/kernel'
import type { MachineDriver } from '@quoin/machines'
import type { Job } from '../declaration.ts'
import type { JobErrorCode } from '../errors.ts'
import type { MadeOutput } from '../run/check-outputs.ts'
import { runJob } from '../run/run-job.ts'
import type { JobProgress } from '../work/messages.ts'
import { type JobOutcome, type JobRecord, readRecords, writeRecord } from './record.ts'

const maxAttempts = 3
const maxLogLines = 1_000

export interface KeptOutput {
  name: string
  kind: string
  cid: string
}

/** Of outputs that were taken in. */
export interface Kept {
  outputs: KeptOutput[]
  /** Whatever else is to be told of them, as JSON. */
  publication?: JobOrder
}

/** What a job's owner says beside its declaration, as JSON. */
export type JobOrder = JobRecord['order']

interface Place {
  order: JobOrder
  /** The job's own, for as long as it is known here. */
  folder: string
  signal: AbortSignal
}

export interface JobBookOptions {
  directory: string
  driver: MachineDriver
  /**
   * Brings the inputs' files or folders onto this host, readable. They are asked for at each attempt; what is put
   * into `inputs` of the job's folder is removed with the job's end.
   */
  prepare: (job: Job, place: Place) => Promise<Readonly<Record<string, string>>>
  /** Takes the outputs in as artifacts, before the job counts as done: again, if it was killed meanwhile. */
  keep: (job: Job, outputs: readonly MadeOutput[], place: Place) => Promise<Kept>
  /** Machines at one time. */
  maxRunning: number
  logger: Logger
}

/** A job as it stands. */
export interface JobView extends JobRecord {
  progress: JobProgress | null
  log: readonly string[]
}

interface Entry {
  record: JobRecord
  progress: JobProgress | null
  log: string[]
  stop: AbortController
  ended: PromiseWithResolvers<JobView>
}

/**
 * The jobs of a node. Each is on disk before it is accepted, runs when its turn comes, and goes on from its
 * checkpoint after the node was killed; a machine that died gets two more attempts.
 */
export class JobBook implements AsyncDisposable {
  readonly #options: JobBookOptions
  readonly #entries = new Map<string, Entry>()
  readonly #active = new Set<Entry>()
  readonly #running = new Set<Promise<void>>()
  readonly #watchers = new Set<(job: JobView) => void>()
  #isClosed = false

  static async open(options: JobBookOptions): Promise<JobBook> {
    const book = new JobBook(options)
    for (const record of await readRecords(options.directory)) book.#take(record)
    book.#startMore()
    return book
  }

  private constructor(options: JobBookOptions) {
    this.#options = options
  }

  async submit(job: Job, order: JobOrder = null): Promise<JobView> {
    const record: JobRecord = {
      id: randomUUID(),
      job,
      order,
      submittedMs: Date.now(),
      attempts: 0,
      outcome: { status: 'queued' },
    }
    await writeRecord(this.#options.directory, record)
    const entry = this.#take(record)
    this.#startMore()
    return viewOf(entry)
  }

  list(): JobView[] {
    return [...this.#entries.values()].map(viewOf)
  }

  /** @throws CodedError `UNKNOWN_JOB` */
  find(id: string): JobView {
    return viewOf(this.#entry(id))
  }

  /** Hears of every change of every job. @returns what ends it */
  onChange(listener: (job: JobView) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** Settles when the job is done, failed or cancelled. @throws CodedError `UNKNOWN_JOB` */
  ended(id: string): Promise<JobView> {
    return this.#entry(id).ended.promise
  }

  /** What has ended stays as it is. @throws CodedError `UNKNOWN_JOB` */
  async cancel(id: string): Promise<JobView> {
    const entry = this.#entry(id)
    if (entry.record.outcome.status === 'queued')
      await this.#settle(
        entry,
        failureOf(new CodedError<JobErrorCode>('CANCELLED', 'The job was cancelled')),
      )
    entry.stop.abort()
    return entry.ended.promise
  }

  /** Running jobs go on when the book is opened again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const { stop } of this.#entries.values()) stop.abort()
    await Promise.all(this.#running)
  }

  #take(record: JobRecord): Entry {
    const entry: Entry = {
      record,
      progress: null,
      log: [],
      stop: new AbortController(),
      ended: Promise.withResolvers(),
    }
    this.#entries.set(record.id, entry)
    if (isEnded(record.outcome)) entry.ended.resolve(viewOf(entry))
    return entry
  }

  #startMore(): void {
    for (const entry of this.#entries.values()) {
      if (this.#isClosed || this.#running.size >= this.#options.maxRunning) return
      if (isEnded(entry.record.outcome) || this.#active.has(entry)) continue
      this.#active.add(entry)
      const run: Promise<void> = this.#run(entry).finally(() => {
        this.#active.delete(entry)
        this.#running.delete(run)
        this.#startMore()
      })
      this.#running.add(run)
    }
  }

  async #run(entry: Entry): Promise<void> {
    const { logger } = this.#options
    try {
      while (!isEnded(entry.record.outcome)) {
        const outcome = await this.#attempt(entry)
        if (this.#isClosed) return
        if (outcome) await this.#settle(entry, outcome)
      }
    } catch (error) {
      logger.error({ err: error, job: entry.record.id }, 'a job could not be kept')
    }
  }

  /** @returns null when the machine died and there is another attempt */
  async #attempt(entry: Entry): Promise<JobOutcome | null> {
    const { directory, driver, prepare, keep } = this.#options
    const { id, job, order } = entry.record
    const { signal } = entry.stop
    const attempts = entry.record.attempts + 1
    await this.#write(entry, { attempts, outcome: { status: 'running', sinceMs: Date.now() } })
    const own = join(directory, id)
    const folder = join(own, 'work')
    const clear = async () => {
      for (const path of [folder, join(own, 'inputs')])
        await rm(path, { recursive: true, force: true })
    }
    const place = { order, folder: own, signal }
    try {
      const paths = await prepare(job, place)
      const { outputs, usage } = await runJob(job, {
        driver,
        directory: folder,
        paths,
        signal,
        onProgress: (progress) => this.#change(entry, { progress }),
        onLog: (line) => addLine(entry.log, line),
      })
      const { outputs: kept, publication = null } = await keep(job, outputs, place)
      await clear()
      return { status: 'done', endedMs: Date.now(), usage, outputs: kept, publication }
    } catch (error) {
      if (isDeathOfMachine(error) && attempts < maxAttempts) {
        addLine(entry.log, `attempt ${attempts} ended: ${error.message}`)
        return null
      }
      if (!this.#isClosed) await clear()
      return failureOf(error)
    }
  }

  async #settle(entry: Entry, outcome: JobOutcome): Promise<void> {
    await this.#write(entry, { outcome })
    entry.ended.resolve(viewOf(entry))
  }

  async #write(entry: Entry, changes: Partial<JobRecord>): Promise<void> {
    const record = { ...entry.record, ...changes }
    await writeRecord(this.#options.directory, record)
    this.#change(entry, { record })
  }

  #change(entry: Entry, changes: Partial<Entry>): void {
    Object.assign(entry, changes)
    for (const watcher of this.#watchers) watcher(viewOf(entry))
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry) return entry
    throw new CodedError<JobErrorCode>('UNKNOWN_JOB', `There is no job ${id} here`)
  }
}

function viewOf({ record, progress, log }: Entry): JobView {
  return { ...record, progress, log: [...log] }
}

function isEnded({ status }: JobOutcome): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled'
}

function addLine(log: string[], line: string): void {
  log.push(line)
  if (log.length > maxLogLines) log.shift()
}

/** Not what the job itself would do again. */
function isDeathOfMachine(error: unknown): error is CodedError {
  return (
    error instanceof CodedError && error.code === 'JOB_FAILED' && error.detail.wasKilled === true
  )
}

function failureOf(error: unknown): JobOutcome {
  const code = error instanceof CodedError ? error.code : 'JOB_FAILED'
  const message = error instanceof Error ? error.message : String(error)
  const isCancelled =
    code === 'CANCELLED' || (error instanceof Error && error.name === 'AbortError')
  return { status: isCancelled ? 'cancelled' : 'failed', endedMs: Date.now(), code, message }
}
