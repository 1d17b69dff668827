import { z } from 'zod'
import { plain, type Route, route } from '../operation.ts'

const atomic = z
  .string()
  .regex(/^\d{1,30}$/, 'An amount is a whole number of atomic units, as text')

/** As models and their versions are named; what follows an @ in the registry is the version. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'small letters, digits, dots, hyphens; at most 64')

export const DeployRequest = z.strictObject({
  name,
  /** An ONNX file on the node's machine, by its absolute path. */
  file: z.string().min(1).max(4096).optional(),
  /** Or an artifact. */
  cid: z.string().min(8).max(128).optional(),
  version: name.optional().describe('The next number when absent'),
  class: z.enum(['verifiable', 'fast']).default('verifiable'),
  title: z.string().max(200).optional(),
  description: z.string().max(2000).default(''),
  licence: z.string().max(2000).default(''),
  callAtomic: atomic.default('0').transform(BigInt),
  rowAtomic: atomic.default('0').transform(BigInt),
  canary: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe('The share of calls that it answers beside the version that is there'),
})
export type DeployRequest = z.output<typeof DeployRequest>

const Version = z.object({
  version: z.string(),
  modelCid: z.string(),
  runtimeId: z.string(),
  class: z.enum(['verifiable', 'fast']),
  serviceId: z.string(),
  callAtomic: z.string(),
  rowAtomic: z.string(),
  payTo: z.string().nullable().describe('The till of the split that its income goes to'),
  deployedAt: z.string(),
})

export const Deployment = z
  .object({
    name: z.string(),
    title: z.string(),
    task: z.string(),
    current: z.string(),
    previous: z.string().nullable(),
    canary: z.object({ version: z.string(), share: z.number() }).nullable(),
    versions: z.array(Version),
  })
  .meta({ id: 'Deployment' })
export type Deployment = z.output<typeof Deployment>

/** What the operator has the node serve while it runs. */
export interface Deployments {
  list(): Promise<Deployment[]>
  /** Serves a model as a new name, as the next version of one that is there, or as its canary. */
  deploy(request: DeployRequest): Promise<Deployment>
  /** The canary answers all calls from now on. */
  promote(name: string): Promise<Deployment>
  /** Takes the canary back or, without one, the version before. */
  rollback(name: string): Promise<Deployment>
  /** Serves a version, or the whole name, no more. */
  retire(name: string, version: string | null): Promise<{ retired: string[] }>
}

const write = { ...plain, method: 'POST', tag: 'Models', access: 'operator' } as const
const params = z.object({ name })

export function deploymentRoutes(deployments: Deployments): Route[] {
  const step = (id: 'promote' | 'rollback', summary: string) =>
    route(
      {
        ...write,
        id: `${id}Model`,
        path: `/quoin/admin/models/{name}/${id}`,
        params,
        summary,
        answer: Deployment,
      },
      async (input) => ({ kind: 'json', body: await deployments[id](input.params.name) }),
    )
  return [
    route(
      {
        ...plain,
        method: 'GET',
        tag: 'Models',
        id: 'listDeployments',
        path: '/quoin/models',
        summary: 'Models that the operator deployed, with their versions',
        answer: z.object({ models: z.array(Deployment) }),
      },
      async () => ({ kind: 'json', body: { models: await deployments.list() } }),
    ),
    route(
      {
        ...write,
        id: 'deployModel',
        path: '/quoin/admin/models',
        summary: 'Serves an ONNX model of rows with a price',
        body: DeployRequest,
        answer: Deployment,
      },
      async ({ body }) => ({ kind: 'json', body: await deployments.deploy(body) }),
    ),
    step('promote', 'The canary answers all calls from now on'),
    step('rollback', 'Takes the canary back or, without one, the version before'),
    route(
      {
        ...write,
        id: 'retireModel',
        path: '/quoin/admin/models/{name}/retire',
        params,
        body: z.strictObject({ version: name.optional() }),
        summary: 'Serves a version, or the whole name, no more',
        answer: z.object({ retired: z.array(z.string()) }),
      },
      async (input) => ({
        kind: 'json',
        body: await deployments.retire(input.params.name, input.body.version ?? null),
      }),
    ),
  ]
}
