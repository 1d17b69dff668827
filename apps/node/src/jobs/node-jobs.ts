import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Exchange } from '@quoin/exchange'
import type { JobRequest, Jobs, LicensedJobs } from '@quoin/gateway'
import { type Job, JobBook, type JobView, parseJob } from '@quoin/jobs'
import { bytesToHex, CodedError, type Logger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Ledger } from '@quoin/ledger'
import { createProcessDriver, type MachineDriver } from '@quoin/machines'
import { privateKeyToAccount } from 'viem/accounts'
import { nodeJobError } from './errors.ts'
import { bringInputs, canRead } from './job-inputs.ts'
import { isRegistered, jobOrderSchema, keepOutputs, keptFolder, rehearse } from './job-outputs.ts'
import { type Curve, jobJsonOf, summaryOf } from './job-views.ts'
import { createLicensedJobs } from './licensed-jobs.ts'
import { licensedOrderSchema, sealOutputs } from './licensed-outputs.ts'

const maxWaiting = 100
const maxCurvePoints = 2_000

export interface NodeJobsOptions {
  dataDir: string
  ledger: Ledger
  exchange: Exchange
  providerKey: Uint8Array
  maxRunning: number
  /** The longest that a job of a licensee may take, 0: none is taken. */
  licensedJobSeconds: number
  /** Settles when the node is a registered provider, whose signature the chain takes. */
  registered: Promise<unknown>
  logger: Logger
}

export interface NodeJobs extends Jobs, AsyncDisposable {
  /** How well strangers' programs are kept apart; null: they are not taken. */
  readonly isolation: string | null
  /** Of others, on this node's data; null: none are taken. */
  readonly licensed: LicensedJobs | null
}

/** The jobs of a node: inputs from its artifacts, outputs into them, with their lineage on the chain. */
export async function openNodeJobs(options: NodeJobsOptions): Promise<NodeJobs> {
  const { dataDir, ledger, exchange, providerKey, registered } = options
  const logger = options.logger.child({ module: 'jobs' })
  const driver = await openDriver(logger)
  const isIsolated = driver.isolation.safeFor !== 'trusted'
  const signer = privateKeyToAccount(bytesToHex(providerKey))
  const runner = privateKeyToAddress(providerKey)
  const holder = { signer, privateKey: providerKey }
  const inputContext = { dataDir, ledger, exchange, holder }
  const outputContext = { ledger, exchange, signer, runner }
  const directory = join(dataDir, 'jobs')
  const curves = new Map<string, Curve>()
  const book = await JobBook.open({
    ...{ directory, driver, logger, maxRunning: options.maxRunning },
    prepare: (job, place) => bringInputs(inputContext, job, place),
    async keep(job, outputs, { order, folder }) {
      await registered
      const licensed = licensedOrderSchema.safeParse(order)
      if (licensed.success)
        return sealOutputs(outputContext, job, { outputs, order: licensed.data.licensed, folder })
      return keepOutputs(outputContext, job, {
        outputs,
        order: jobOrderSchema.parse(order),
        folder,
      })
    },
  })
  book.onChange(({ id, progress }) => note(curves, id, progress))
  const { chainId } = ledger
  const { licensedJobSeconds: maxSeconds } = options
  const shared = { book, directory, context: outputContext, registered }
  const jsonOf = (view: JobView) => jobJsonOf(view, curves.get(view.id) ?? [])
  return {
    isolation: isIsolated ? driver.name : null,
    licensed: maxSeconds > 0 ? createLicensedJobs({ ...shared, chainId, maxSeconds }) : null,
    async submit(request) {
      const job = parseJob(request.job)
      requireMachine(job, isIsolated)
      requireRoom(book)
      await registered
      if (job.outputs.some(isRegistered)) await rehearse(outputContext, job)
      return jsonOf(await book.submit(job, orderOf(exchange, job, request)))
    },
    list: () => book.list().reverse().map(summaryOf),
    find: (id) => jsonOf(book.find(id)),
    cancel: async (id) => jsonOf(await book.cancel(id)),
    output: (id, name) => openOutput({ exchange, directory }, book.find(id), name),
    watch(id, listener) {
      book.find(id)
      return book.onChange((view) => view.id === id && listener(jsonOf(view)))
    },
    [Symbol.asyncDispose]: () => book[Symbol.asyncDispose](),
  }
}

async function openDriver(logger: Logger): Promise<MachineDriver> {
  try {
    return await createProcessDriver()
  } catch (error) {
    if (!(error instanceof CodedError && error.code === 'NO_ISOLATION')) throw error
    logger.warn({ reason: error.message }, 'jobs: trainings and pipelines only, no programs')
    return createProcessDriver({ allowTrusted: true })
  }
}

function requireMachine({ work }: Job, isIsolated: boolean): void {
  if (work.kind === 'program' && !isIsolated)
    throw nodeJobError(
      'JOB_REFUSED',
      'This node runs trainings and pipelines only: programs need bubblewrap, which does not work on its host',
    )
}

function requireRoom(book: JobBook): void {
  const waiting = book.list().filter(({ outcome }) => outcome.status === 'queued').length
  if (waiting >= maxWaiting)
    throw nodeJobError('JOBS_FULL', `${waiting} jobs wait already: cancel one, or try again later`)
}

/** What is made of something encrypted is encrypted, unless its owner says otherwise. */
function orderOf(exchange: Exchange, job: Job, { outputs }: JobRequest) {
  const isSecret = job.inputs.some(
    ({ cid }) => !canRead(exchange, cid) || exchange.get(cid).isEncrypted,
  )
  return { ...outputs, encrypt: outputs.encrypt ?? isSecret }
}

function note(curves: Map<string, Curve>, id: string, progress: JobView['progress']): void {
  if (!progress || typeof progress.trainLoss !== 'number') return
  const curve = curves.get(id) ?? []
  curves.set(id, curve)
  const { done: round, trainLoss, validationLoss = null } = progress
  if (curve.at(-1)?.round !== round && curve.length < maxCurvePoints)
    curve.push({ round, trainLoss, validationLoss })
}

/** From the job's own folder, or decrypted from the artifacts. */
async function openOutput(
  { exchange, directory }: { exchange: Exchange; directory: string },
  { id, outcome }: JobView,
  name: string,
): Promise<AsyncIterable<Uint8Array>> {
  const output = outcome.status === 'done' && outcome.outputs.find((one) => one.name === name)
  if (!output) throw nodeJobError('OUTPUT_UNKNOWN', `The job ${id} has made no "${name}"`)
  const kept = join(directory, id, keptFolder, name)
  if (await stat(kept).catch(() => null)) return createReadStream(kept)
  const folder = await mkdtemp(join(directory, id, 'read-'))
  const path = join(folder, 'content')
  await exchange.retrieve(output.cid, path)
  return readAndRemove(path, folder)
}

async function* readAndRemove(path: string, folder: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
