import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { decryptStream, importBytes, openContentKey, parseCid } from '@quoin/artifacts'
import { createNodeApi, endpointsOf, licenceKeyOf } from '@quoin/exchange'
import { jobHash, parseJob, signJob } from '@quoin/jobs'
import { CodedError, canonicalJson, type Hex } from '@quoin/kernel'
import { artifactIdOf, type JobResult } from '@quoin/ledger'
import { z } from 'zod'
import { type DataHolder, openDataHolder } from '../client/data-holder.ts'
import {
  fetchLicensedOutput,
  findLicensedJob,
  type LicensedJob,
  submitLicensedJob,
  Ticket,
} from '../client/licensed-job.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { parseReport, showMetrics } from '../output/jobs.ts'
import { renderFacts } from '../output/table.ts'
import { licensedJob, type TrainOptions } from './train.ts'

const pollMs = 500

/**
 * Sends a training to the node that has the data, fetches model and report, which only the account can open,
 * and registers the model. A folder with a ticket in it goes on where it was cut off.
 */
export async function trainAtData(
  context: Context,
  options: TrainOptions & { directory: string; from: string | null },
): Promise<void> {
  await using holder = await openDataHolder(context, null)
  if (options.isDryRun) return showDeclaration(context, { options, holder })
  await mkdir(options.directory, { recursive: true })
  const ticket = (await readTicket(options)) ?? (await submit(context, { options, holder }))
  const job = await untilEnded(context, ticket)
  if (job.error) {
    // The next command sends it anew.
    await rm(join(options.directory, ticketFile), { force: true })
    throw cliError('JOB_FAILED', job.error.message)
  }
  const files = await fetchOutputs(context, { ticket, job, options, holder })
  const transaction = await registerModel(holder, job, options.cid)
  const report = parseReport(files.get('report') ?? new Uint8Array())
  const { terminal } = context
  const { metrics, baseline } = report
  terminal.document({ ...job, directory: options.directory, transaction, metrics, baseline })
  const facts: [string, string][] = [
    ...job.outputs.map(({ name, cid }): [string, string] => [name, cid]),
    ['Files', options.directory],
    ['Registered', transaction ?? 'before'],
  ]
  for (const line of renderFacts(facts)) terminal.line(line)
  showMetrics(report, terminal)
}

const ticketFile = 'ticket.json'

/** @throws CodedError `USAGE` where the folder is of a training on something else */
async function readTicket({ directory, cid }: Order['options']): Promise<Ticket | null> {
  const text = await readFile(join(directory, ticketFile), 'utf8').catch(() => null)
  if (text === null) return null
  const job = parseJob(JSON.parse(await readFile(join(directory, 'job.json'), 'utf8')))
  if (job.inputs.some((input) => input.cid === cid)) return Ticket.parse(JSON.parse(text))
  throw cliError('USAGE', `${directory} is of a training on another table: name another folder`)
}

interface Order {
  options: TrainOptions & { directory: string; from: string | null }
  holder: DataHolder
}

async function showDeclaration(context: Context, { options, holder }: Order): Promise<void> {
  const { description } = await findData(options, holder, context.signal)
  const job = parseJob(await licensedJob(description, options))
  context.terminal.document(job)
  context.terminal.line(JSON.stringify(job, null, 2))
}

async function submit(context: Context, { options, holder }: Order): Promise<Ticket> {
  const { signal, terminal } = context
  const { ledger, holder: account } = holder
  const { url, description } = await findData(options, holder, signal)
  const job = parseJob(await licensedJob(description, options))
  const { publicKey } = licenceKeyOf(account.privateKey)
  const place = { chainId: ledger.chainId, node: description.node, declaration: jobHash(job) }
  const request = await signJob(account.signer, publicKey, place)
  const ticket = await submitLicensedJob(url, { job, request }, signal)
  await writeFile(join(options.directory, 'job.json'), canonicalJson(job))
  await writeFile(join(options.directory, ticketFile), JSON.stringify(ticket), { mode: 0o600 })
  terminal.note(`Job ${ticket.id} at ${url}; the same command goes on after an interruption`)
  return ticket
}

async function findData(
  { cid, from }: Order['options'],
  { ledger }: DataHolder,
  signal: AbortSignal,
) {
  const urls = from === null ? await endpointsOf(ledger, cid) : [from]
  const words: string[] = []
  for (const url of urls)
    try {
      return { url, description: await createNodeApi(url, { signal }).describe(cid) }
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      words.push(`${url}: ${error.message}`)
    }
  throw cliError('NOT_REACHABLE', `No node has ${cid} now. ${words.join('; ')}`)
}

async function untilEnded({ terminal, signal }: Context, ticket: Ticket): Promise<LicensedJob> {
  for (;;) {
    const job = await findLicensedJob(ticket, signal)
    if (job.endedMs !== null) {
      terminal.progress(null)
      return job
    }
    const { progress, status } = job
    terminal.progress(progress ? `${progress.unit} ${progress.done} of ${progress.of}` : status)
    await delay(pollMs, undefined, { signal })
  }
}

/** Opens what was made with the account's key, and checks each file against its CID. */
async function fetchOutputs(
  { signal }: Context,
  { ticket, job, options, holder }: Order & { ticket: Ticket; job: LicensedJob },
): Promise<Map<string, Uint8Array>> {
  const { privateKey } = licenceKeyOf(holder.holder.privateKey)
  const files = new Map<string, Uint8Array>()
  for (const { name, cid, envelope } of job.outputs) {
    const contentKey = await openContentKey(envelope, { root: parseCid(cid), privateKey })
    const sealed = await fetchLicensedOutput(ticket, name, signal)
    const bytes = Buffer.concat(await Array.fromAsync(decryptStream(sealed, contentKey)))
    const actual = (await importBytes([bytes], { write: async () => {} })).cid.toString()
    if (actual !== cid)
      throw cliError('VERIFICATION_FAILED', `${ticket.url} gave another ${name} than it signed`)
    const file = name === 'model' ? 'model.onnx' : `${name}.json`
    await writeFile(join(options.directory, file), bytes)
    files.set(name, bytes)
  }
  return files
}

const hex = z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value))
const Result = z.object({
  declaration: hex,
  runner: hex,
  outputs: z.array(
    z.object({
      artifact: hex,
      kind: z.enum(['other', 'data-set', 'model', 'program', 'image']),
    }),
  ),
  signature: hex,
})

/** Null where the account had registered it before. */
async function registerModel(
  { ledger, holder }: DataHolder,
  { outputs, result }: LicensedJob,
  table: string,
): Promise<Hex | null> {
  const model = outputs.find(({ kind }) => kind === 'model')
  if (!model) throw cliError('VERIFICATION_FAILED', 'The job made no model')
  const known = await ledger.registry.artifact(artifactIdOf(model.cid))
  if (known?.owner.toLowerCase() === holder.signer.address.toLowerCase()) return null
  const job: JobResult = Result.parse(result)
  const parents = [artifactIdOf(table)]
  const { transactionHash } = await ledger.registry.publishDerived({
    ...{ cid: model.cid, kind: 'model', parents, job },
  })
  return transactionHash
}
