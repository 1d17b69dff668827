import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { LicensedJobJson, LicensedJobs } from '@quoin/gateway'
import {
  checkSignedJob,
  type Job,
  type JobBook,
  type JobView,
  jobHash,
  parseJob,
  signedJobSchema,
} from '@quoin/jobs'
import { CodedError, type Hex } from '@quoin/kernel'
import { parseDeclaration } from '@quoin/trainers/core'
import { nodeJobError } from './errors.ts'
import { canRead } from './job-inputs.ts'
import { keptFolder, type OutputContext, rehearse } from './job-outputs.ts'
import { summaryOf } from './job-views.ts'
import { licensedOrderSchema, licensedPublicationSchema } from './licensed-outputs.ts'

const maxUnfinishedEach = 2
const maxUnfinished = 50
const maxModelBytes = 64 << 20
const maxReportBytes = 1 << 20
const maxCategories = 100

export interface LicensedOptions {
  book: JobBook
  directory: string
  context: OutputContext
  chainId: number
  /** The most that such a job may take. */
  maxSeconds: number
  registered: Promise<unknown>
}

/**
 * Trainings of those who bought a right to train on data here, and not to have it: the built-in trainers only,
 * within this node's limits; the outputs go out encrypted, to the buyer's key.
 */
export function createLicensedJobs(options: LicensedOptions): LicensedJobs {
  const { book, directory, context, chainId, registered } = options
  const find = (id: string, token: string) => {
    const view = book.find(id)
    if (isTokenOf(view, token)) return view
    throw new CodedError('UNKNOWN_JOB', `There is no job ${id} here with this token`)
  }
  return {
    async submit(given) {
      const job = parseJob(given.job)
      const request = parseRequest(given.request)
      checkSignedJob(request, { chainId, node: context.runner, declaration: jobHash(job) })
      checkBounds(job, options.maxSeconds)
      requireRoom(book, request.account, request.nonce)
      await registered
      await requireRights(context, job, request.account)
      await rehearse(context, job, request.account)
      // Asked again: others may have come while the chain was read.
      requireRoom(book, request.account, request.nonce)
      const token = randomBytes(32).toString('base64url')
      const { account, publicKey, nonce } = request
      const order = { account, publicKey, nonce, tokenHash: hashOf(token) }
      return { ...jsonOf(await book.submit(job, { licensed: order })), token }
    },
    find: (id, token) => jsonOf(find(id, token)),
    cancel: async (id, token) => jsonOf(await book.cancel(find(id, token).id)),
    async output(id, token, name) {
      const { outcome } = find(id, token)
      if (outcome.status === 'done' && outcome.outputs.some((output) => output.name === name))
        return createReadStream(join(directory, id, keptFolder, name))
      throw nodeJobError('OUTPUT_UNKNOWN', `The job ${id} has made no "${name}"`)
    },
  }
}

function parseRequest(value: unknown) {
  const parsed = signedJobSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CodedError(
    'REQUEST_REFUSED',
    `The signed job is malformed: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

/** What leaves is a model and a report, of sizes and with lists that hold no data set. */
function checkBounds({ work, outputs, limits }: Job, maxSeconds: number): void {
  if (work.kind !== 'training') throw refusedJob('only built-in trainings come to the data')
  for (const { name, kind, maxBytes } of outputs) {
    const most = kind === 'model' ? maxModelBytes : maxReportBytes
    if (maxBytes > most) throw refusedJob(`the output ${name} may have ${most} bytes at most`)
  }
  if (limits.wallMs > maxSeconds * 1000)
    throw refusedJob(`it may take ${maxSeconds} s at most (limits.wallMs)`)
  if (limits.cpus > 1 || limits.memoryBytes > 2 ** 31 || limits.diskBytes > 2 ** 32)
    throw refusedJob('it gets one processor, 2 GiB of memory and 4 GiB of disk at most')
  const { features, maxClasses } = parseDeclaration(work.declaration)
  const lists = features.map((feature) =>
    feature.kind === 'categorical' ? feature.maxCategories : 0,
  )
  if (Math.max(maxClasses, ...lists) > maxCategories)
    throw refusedJob(`a column whose texts are listed in the model has ${maxCategories} at most`)
}

function refusedJob(why: string) {
  return nodeJobError('JOB_REFUSED', `This node does not run that on its data: ${why}`)
}

function requireRoom(book: JobBook, account: Hex, nonce: Hex): void {
  const orders = book.list().flatMap(({ order, outcome }) => {
    const parsed = licensedOrderSchema.safeParse(order)
    return parsed.success ? [{ ...parsed.data.licensed, isOver: 'endedMs' in outcome }] : []
  })
  if (orders.some((order) => order.nonce === nonce))
    throw new CodedError('REQUEST_REFUSED', 'The signed job was used before: sign a new one')
  const open = orders.filter(({ isOver }) => !isOver)
  const own = open.filter((order) => order.account === account).length
  if (own >= maxUnfinishedEach || open.length >= maxUnfinished)
    throw nodeJobError('JOBS_FULL', `${own} of ${account}’s jobs wait here: try again later`)
}

async function requireRights(
  { exchange }: OutputContext,
  { inputs }: Job,
  account: Hex,
): Promise<void> {
  for (const { cid } of inputs) {
    if (!canRead(exchange, cid) || exchange.get(cid).role === 'copy')
      throw nodeJobError('JOB_REFUSED', `This node is neither the owner nor a custodian of ${cid}`)
    if (!(await exchange.hasRight(account, cid, 'train')))
      throw new CodedError(
        'RIGHT_MISSING',
        `${account} has no right to train on ${cid}: quoin licence list ${cid} shows the offers`,
      )
  }
}

function jsonOf(view: JobView): LicensedJobJson {
  const { outcome } = view
  const done = outcome.status === 'done' ? outcome : null
  const publication = done && licensedPublicationSchema.parse(done.publication)
  return {
    ...summaryOf(view),
    error:
      outcome.status === 'failed' || outcome.status === 'cancelled'
        ? { code: outcome.code, message: wordsOf(outcome.code) }
        : null,
    usage: done && { ...done.usage },
    outputs: (done?.outputs ?? []).map((output) => ({
      ...output,
      envelope: publication?.envelopes[output.name] ?? null,
    })),
    result: publication?.result ?? null,
  }
}

/** The trainer's own message may quote the data. */
function wordsOf(code: string): string {
  if (code === 'CANCELLED') return 'The job was cancelled'
  if (code === 'LIMIT_REACHED') return 'The job used more time, memory or disk than it may'
  if (code === 'OUTPUT_REFUSED') return 'An output is larger than declared'
  return 'The training failed; what it said stays with the data’s owner, whom you can ask'
}

function isTokenOf({ order }: JobView, token: string): boolean {
  const parsed = licensedOrderSchema.safeParse(order)
  if (!parsed.success) return false
  return timingSafeEqual(Buffer.from(parsed.data.licensed.tokenHash), Buffer.from(hashOf(token)))
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
