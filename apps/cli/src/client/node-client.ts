import type { Hex } from '@quoin/kernel'
import {
  AnchorJson,
  Bytes32,
  type ReceiptProof,
  ReceiptProofJson,
  type SignedReceipt,
  SignedReceiptJson,
} from '@quoin/protocol'
import { z } from 'zod'
import { cliError } from '../exit-codes.ts'
import { fetchFrom } from './endpoints.ts'

const Info = z.object({
  version: z.string(),
  chainId: z.number().int(),
  rpcUrl: z.string(),
  provider: z.string(),
  contracts: z.record(z.string(), z.string()),
})
export type Info = z.infer<typeof Info>

const Health = z.object({
  status: z.string(),
  missing: z.array(z.string()),
  height: z.number().int(),
  contracts: z.record(z.string(), z.string()),
  models: z.array(z.string()),
})
export type Health = z.infer<typeof Health>

const atomic = z.string().transform(BigInt)

const ModelEntry = z.object({
  id: z.string(),
  quoin: z.object({
    title: z.string(),
    task: z.enum(['embedding', 'generation', 'classification', 'regression']),
    class: z.string(),
    serviceId: Bytes32,
    modelCid: z.string(),
    runtimeId: z.string(),
    unit: z.string(),
    callAtomic: atomic,
    inAtomicPerMillion: atomic,
    outAtomicPerMillion: atomic,
  }),
})
export type ModelEntry = z.infer<typeof ModelEntry>

const Publication = z.object({
  modelCid: z.string(),
  serviceId: Bytes32,
  artifactTransaction: Bytes32.nullable(),
  serviceTransaction: Bytes32.nullable(),
})
export type Publication = z.infer<typeof Publication>

const DeployedVersion = z.object({
  version: z.string(),
  modelCid: z.string(),
  runtimeId: z.string(),
  class: z.string(),
  serviceId: Bytes32,
  callAtomic: atomic,
  rowAtomic: atomic,
  payTo: z.string().nullable(),
  deployedAt: z.string(),
})

const Deployment = z.object({
  name: z.string(),
  title: z.string(),
  task: z.string(),
  current: z.string(),
  previous: z.string().nullable(),
  canary: z.object({ version: z.string(), share: z.number() }).nullable(),
  versions: z.array(DeployedVersion),
})
/** A name that a node serves models under, with their versions. */
export type Deployment = z.infer<typeof Deployment>

/** What an operator orders; amounts are atomic units as decimal text. */
export interface DeployOrder {
  name: string
  file?: string
  cid?: string
  version?: string
  class: 'verifiable' | 'fast'
  title?: string
  description?: string
  licence?: string
  callAtomic: string
  rowAtomic: string
  canary?: number
}

const Settlement = z.object({
  claims: z.array(z.object({ channelId: Bytes32, totalClaimed: atomic })),
  transactions: z.array(Bytes32),
  paidAtomic: atomic,
})
export type Settlement = z.infer<typeof Settlement>

/** A gateway as the command line asks it: everything that is not a paid call. */
export class NodeClient {
  readonly url: string
  readonly #signal: AbortSignal

  constructor(url: string, signal: AbortSignal) {
    this.url = url.replace(/\/$/, '')
    this.#signal = signal
  }

  info(): Promise<Info> {
    return this.#get('/quoin/info', Info)
  }

  /** 503 is an answer too: what is missing. */
  async health(): Promise<Health> {
    const response = await fetchFrom(`${this.url}/health`, { signal: this.#signal })
    return this.#parse('/health', Health, await response.json())
  }

  async models(): Promise<ModelEntry[]> {
    return (await this.#get('/v1/models', z.object({ data: z.array(ModelEntry) }))).data
  }

  /** @throws CodedError `NOT_FOUND` naming the models that there are. */
  async model(id: string): Promise<ModelEntry> {
    const models = await this.models()
    const found = models.find((model) => model.id === id)
    if (found) return found
    const names = models.map((model) => model.id).join(', ')
    throw cliError('NOT_FOUND', `${this.url} has no model '${id}'; it has ${names}`)
  }

  /** Null when the gateway has no such receipt. */
  receipt(id: Hex): Promise<SignedReceipt | null> {
    return this.#find(`/quoin/receipts/${id}`, SignedReceiptJson)
  }

  /** Null until the receipt is anchored. */
  proof(id: Hex): Promise<ReceiptProof | null> {
    return this.#find(`/quoin/receipts/${id}/proof`, ReceiptProofJson)
  }

  async receiptsOf(payer: Hex, limit: number): Promise<SignedReceipt[]> {
    const path = `/quoin/receipts?payer=${payer}&limit=${limit}`
    return (await this.#get(path, z.object({ receipts: z.array(SignedReceiptJson) }))).receipts
  }

  async anchor(token: string) {
    const schema = z.object({ anchor: AnchorJson.nullable() })
    return (await this.#operate('/quoin/admin/anchor', token, schema)).anchor
  }

  settle(token: string): Promise<Settlement> {
    return this.#operate('/quoin/admin/settle', token, Settlement)
  }

  publish(
    token: string,
    order: {
      model: string
      callAtomic: bigint
      inAtomicPerMillion: bigint
      outAtomicPerMillion: bigint
    },
  ): Promise<Publication> {
    const { model, callAtomic, inAtomicPerMillion, outAtomicPerMillion } = order
    return this.#operate('/quoin/admin/services', token, Publication, {
      model,
      callAtomic: `${callAtomic}`,
      inAtomicPerMillion: `${inAtomicPerMillion}`,
      outAtomicPerMillion: `${outAtomicPerMillion}`,
    })
  }

  async deployments(): Promise<Deployment[]> {
    return (await this.#get('/quoin/models', z.object({ models: z.array(Deployment) }))).models
  }

  deploy(token: string, order: DeployOrder): Promise<Deployment> {
    return this.#operate('/quoin/admin/models', token, Deployment, order)
  }

  promote(token: string, name: string): Promise<Deployment> {
    return this.#operate(`${modelPath(name)}/promote`, token, Deployment)
  }

  rollback(token: string, name: string): Promise<Deployment> {
    return this.#operate(`${modelPath(name)}/rollback`, token, Deployment)
  }

  async retire(token: string, name: string, version: string | null): Promise<string[]> {
    const answer = z.object({ retired: z.array(z.string()) })
    const order = version === null ? {} : { version }
    return (await this.#operate(`${modelPath(name)}/retire`, token, answer, order)).retired
  }

  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const found = await this.#find(path, schema)
    if (found !== null) return found
    throw cliError('NOT_REACHABLE', `${this.url}${path} is not there: is this a Quoin gateway?`)
  }

  async #find<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await fetchFrom(this.url + path, { signal: this.#signal })
    if (response.status === 404) return null
    if (!response.ok) throw await refusalOf(response, path)
    return this.#parse(path, schema, await response.json())
  }

  async #operate<T>(path: string, token: string, schema: z.ZodType<T>, body?: object): Promise<T> {
    const response = await fetchFrom(this.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: this.#signal,
    })
    if (!response.ok) throw await refusalOf(response, path)
    return this.#parse(path, schema, await response.json())
  }

  #parse<T>(path: string, schema: z.ZodType<T>, value: unknown): T {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    const where = issue?.path.join('.') || 'the answer'
    throw cliError(
      'NOT_REACHABLE',
      `${this.url}${path} is not a Quoin gateway of this version: ${where}: ${issue?.message}`,
    )
  }
}

function modelPath(name: string): string {
  return `/quoin/admin/models/${encodeURIComponent(name)}`
}

const ErrorBody = z.object({ error: z.object({ message: z.string() }) })

async function refusalOf(response: Response, path: string) {
  const body = ErrorBody.safeParse(await response.json().catch(() => null))
  const reason = body.success ? body.data.error.message : `HTTP ${response.status}`
  return cliError('REFUSED', `${path}: ${reason}`)
}
