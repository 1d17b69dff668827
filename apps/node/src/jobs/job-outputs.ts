import { createReadStream } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBytes } from '@quoin/artifacts'
import { mediaTypeOf, parsePipeline } from '@quoin/data'
import type { Exchange, PublishOrder } from '@quoin/exchange'
import { type Job, jobHash, type Kept, type MadeOutput } from '@quoin/jobs'
import { CodedError, canonicalJson, type Hex } from '@quoin/kernel'
import {
  type ArtifactKind,
  artifactIdOf,
  type JobResult,
  type Ledger,
  type TypedDataSigner,
} from '@quoin/ledger'
import { parseDeclaration } from '@quoin/trainers/core'
import { z } from 'zod'
import { storeUnregistered } from './store-unregistered.ts'

export const jobOrderSchema = z.strictObject({
  encrypt: z.boolean(),
  access: z.enum(['open', 'licensed']),
  terms: z.string(),
})
type OutputsOrder = z.output<typeof jobOrderSchema>

export interface OutputContext {
  ledger: Ledger
  exchange: Exchange
  /** The node's own, which signs receipts and results. */
  signer: TypedDataSigner
  runner: Hex
}

interface Made {
  outputs: readonly MadeOutput[]
  order: OutputsOrder
  /** The job's own. */
  folder: string
}

/** Where a job's reports and other things lie that are not artifacts of their own. */
export const keptFolder = 'kept'

const chainKinds = {
  dataset: 'data-set',
  model: 'model',
  report: 'other',
  other: 'other',
} as const satisfies Record<MadeOutput['kind'], ArtifactKind>

/** Data sets and models go on the chain; reports and the rest stay with the job, named in its signed result. */
export function isRegistered({ kind }: Pick<MadeOutput, 'kind'>): boolean {
  return kind === 'dataset' || kind === 'model'
}

interface StoredOutput {
  name: string
  kind: MadeOutput['kind']
  cid: string
  isEncrypted: boolean
  /** How it is registered; null: it is not. */
  order: PublishOrder | null
}

/**
 * Takes a job's outputs in: stores all, signs what was made of what, and only then registers.
 * Done again after a kill, it finds what it stored before.
 */
export async function keepOutputs(context: OutputContext, job: Job, given: Made): Promise<Kept> {
  await rehearse(context, job)
  const stored = await storeOutputs(context, job, given)
  try {
    return await registerOutputs(context, job, { stored, folder: given.folder })
  } catch (error) {
    if (isRefusal(error)) await forgetUnregistered(context, stored)
    throw error
  }
}

async function registerOutputs(
  context: OutputContext,
  job: Job,
  { stored, folder }: { stored: readonly StoredOutput[]; folder: string },
): Promise<Kept> {
  const declaration = await publishDeclaration(context, job, folder)
  const { parents, result } = await signResult(context, job, stored)
  const outputs: z.output<typeof publicationSchema>['outputs'] = {}
  for (const one of stored)
    outputs[one.name] = {
      isEncrypted: one.isEncrypted,
      transaction: one.order && (await register(context, one, { parents, result })),
    }
  return {
    outputs: stored.map(({ name, kind, cid }) => ({ name, kind, cid })),
    publication: { declarationCid: declaration, outputs, result: resultJson(result) },
  }
}

/** Whether the chain has said no, rather than nothing. */
function isRefusal(error: unknown): boolean {
  const codes = ['CALL_REVERTED', 'TRANSACTION_REVERTED', 'INSUFFICIENT_FUNDS']
  return error instanceof CodedError && codes.includes(error.code)
}

/** What the chain refused stays in no catalogue: a right was lost, or coins, since the chain was asked before. */
async function forgetUnregistered(
  { exchange }: OutputContext,
  stored: readonly StoredOutput[],
): Promise<void> {
  for (const { cid, order } of stored)
    if (order && exchange.get(cid).transaction === null) await exchange.remove(cid)
}

const hash = z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]+$/.test(value))

/** What a job's record says of its outputs. */
export const publicationSchema = z.object({
  declarationCid: z.string(),
  outputs: z.record(
    z.string(),
    z.object({ isEncrypted: z.boolean(), transaction: hash.nullable() }),
  ),
  result: z.json(),
})

/** Signs what was made of what, for one account to publish; this node's own unless another is said. */
export async function signResult(
  { ledger, signer, runner }: OutputContext,
  job: Job,
  outputs: readonly Pick<StoredOutput, 'cid' | 'kind'>[],
  publisher = runner,
): Promise<{ parents: Hex[]; result: JobResult }> {
  const parents = job.inputs.map(({ cid }) => artifactIdOf(cid))
  const result = await ledger.lineage.signJobResult(signer, {
    declaration: jobHash(job),
    publisher,
    runner,
    inputs: parents,
    outputs: outputs.map(({ cid, kind }) => ({
      artifact: artifactIdOf(cid),
      kind: chainKinds[kind],
    })),
  })
  return { parents, result }
}

/**
 * Asks the chain whether it would take what the job makes, under a name that nothing has: who lacks a right
 * hears of it before the work and not after. @throws LedgerError `CALL_REVERTED`
 */
export async function rehearse(
  context: OutputContext,
  job: Job,
  publisher = context.runner,
): Promise<void> {
  const outputs = job.outputs
    .filter(isRegistered)
    .map(({ name, kind }) => ({ cid: `rehearsal-${jobHash(job)}-${name}`, kind }))
  const { parents, result } = await signResult(context, job, outputs, publisher)
  for (const { cid, kind } of outputs)
    await context.ledger.registry.rehearseDerived(
      { cid, kind: chainKinds[kind], parents, job: result },
      publisher,
    )
}

/** What the job made, in the store; data sets and models with a record that waits for its registration. */
async function storeOutputs(
  context: OutputContext,
  job: Job,
  { outputs, order, folder }: Made,
): Promise<StoredOutput[]> {
  const kept = join(folder, keptFolder)
  await mkdir(kept, { recursive: true, mode: 0o700 })
  const stored: StoredOutput[] = []
  for (const output of outputs) {
    const { name, kind, path } = output
    const cid = await plainCidOf(path)
    const isFree = order.encrypt || (await ownedByOther(context, cid)) === null
    if (isRegistered(output) && isFree) {
      const publishOrder = { ...publishOrderOf(job, output), ...order, source: path }
      const stays = await storeUnregistered(context.exchange, publishOrder, {
        plainCid: cid,
        memo: join(folder, `${keptFolder}-${name}.json`),
      })
      stored.push({ name, kind, cid: stays, isEncrypted: order.encrypt, order: publishOrder })
    } else {
      // A report; or what someone else published before, bit for bit: the chain has it under their name.
      await copyFile(path, join(kept, name))
      stored.push({ name, kind, cid, isEncrypted: false, order: null })
    }
  }
  return stored
}

function publishOrderOf({ work }: Job, { name, kind }: MadeOutput) {
  if (kind === 'model' && work.kind === 'training') {
    const { target, algorithm } = parseDeclaration(work.declaration)
    const title = `${target}-${algorithm.kind}.onnx`
    return { name: title, kind: 'model', mediaType: 'application/onnx', tellColumns: true } as const
  }
  const format = work.kind === 'pipeline' ? outputFormat(work.pipeline, name) : null
  return {
    name: format ? `${name}.${format}` : name,
    kind: kind === 'model' ? 'model' : 'data-set',
    ...(format && { mediaType: mediaTypeOf(format) }),
    tellColumns: true,
  } as const
}

function outputFormat(pipeline: unknown, name: string) {
  return parsePipeline(pipeline).outputs[name]?.format ?? null
}

async function register(
  { exchange }: OutputContext,
  { cid, order }: StoredOutput,
  { parents, result: job }: { parents: Hex[]; result: JobResult },
): Promise<Hex | null> {
  if (!order) return null
  const { transaction } = exchange.get(cid)
  if (transaction) return transaction
  return (await exchange.publish({ ...order, derived: { parents, job } })).transaction
}

/** The declaration's canonical bytes, open to all: their sha256 is the hash that the chain has. */
async function publishDeclaration(
  context: OutputContext,
  job: Job,
  folder: string,
): Promise<string> {
  const source = join(folder, 'declaration.json')
  await writeFile(source, canonicalJson(job), { mode: 0o600 })
  const cid = await plainCidOf(source)
  if (await ownedByOther(context, cid)) return cid
  const order = { encrypt: false, access: 'open', terms: '', tellColumns: false } as const
  const mediaType = 'application/vnd.quoin.job+json'
  const name = `job-${jobHash(job).slice(2, 14)}.json`
  await context.exchange.publish({ ...order, source, name, kind: 'other', mediaType })
  return cid
}

async function ownedByOther({ ledger, runner }: OutputContext, cid: string): Promise<Hex | null> {
  const known = await ledger.registry.artifact(artifactIdOf(cid))
  return known && known.owner.toLowerCase() !== runner ? known.owner : null
}

/** As every IPFS tool computes it. */
export async function plainCidOf(path: string): Promise<string> {
  const { cid } = await importBytes(createReadStream(path), { write: async () => {} })
  return cid.toString()
}

/** As JSON carries it. */
export function resultJson({ declaration, runner, outputs, signature }: JobResult) {
  const named = outputs.map(({ artifact, kind }) => ({ artifact, kind }))
  return { declaration, runner, outputs: named, signature }
}
