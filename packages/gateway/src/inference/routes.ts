import type { Hex } from '@quoin/kernel'
import type { TensorSpec } from '@quoin/models'
import { z } from 'zod'
import { requestHash } from '../call/request-hash.ts'
import type { Serve } from '../call/serve-call.ts'
import { type Answer, type Exchange, plain, type Route, route } from '../operation.ts'
import type { Catalogue, Offer } from '../service.ts'
import { InferenceAnswer, InferenceRequest, planInference } from './infer.ts'
import { shapeToJson, typeToDatatype } from './tensors.ts'

const Server = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
})
const Live = z.object({ live: z.boolean() })
const Ready = z.object({ ready: z.boolean() })
const TensorMetadata = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()).describe('-1 for an open side'),
})
const ModelMetadata = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(TensorMetadata),
    outputs: z.array(TensorMetadata),
  })
  .meta({ id: 'InferenceModelMetadata' })

const read = { ...plain, method: 'GET', tag: 'Open Inference', errors: 'inference' } as const
const metered = { ...read, method: 'POST', metered: true } as const

const model = z.object({ model: z.string() })
const modelAndVersion = z.object({ model: z.string(), version: z.string() })

/** The two spellings of every model path: with and without the version. */
const spellings = [
  { suffix: '', infix: '', params: model },
  { suffix: 'Version', infix: '/versions/{version}', params: modelAndVersion },
] as const

/** KServe's Open Inference Protocol, version 2 (https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol). */
export function inferenceRoutes(
  catalogue: Catalogue,
  serve: Serve,
  server: { version: string; isReady(): Promise<boolean> },
): Route[] {
  return [
    ...serverRoutes(server),
    ...spellings.flatMap((spelling) => modelRoutes(catalogue, serve, spelling)),
  ]
}

function serverRoutes(server: { version: string; isReady(): Promise<boolean> }): Route[] {
  return [
    route(
      { ...read, id: 'inferenceServer', path: '/v2', summary: 'The server', answer: Server },
      async () => ({
        kind: 'json',
        body: { name: 'quoin', version: server.version, extensions: [] },
      }),
    ),
    route(
      {
        ...read,
        id: 'inferenceLive',
        path: '/v2/health/live',
        summary: 'Whether the server answers',
        answer: Live,
      },
      async () => ({ kind: 'json', body: { live: true } }),
    ),
    route(
      {
        ...read,
        id: 'inferenceReady',
        path: '/v2/health/ready',
        summary: 'Whether every model can be called',
        answer: Ready,
      },
      async () => readiness(await server.isReady()),
    ),
  ]
}

function modelRoutes(
  catalogue: Catalogue,
  serve: Serve,
  { suffix, infix, params }: (typeof spellings)[number],
): Route[] {
  const path = `/v2/models/{model}${infix}`
  const find = (asked: z.output<typeof params>, call?: Hex) =>
    catalogue.get(asked.model, {
      ...('version' in asked && { version: asked.version }),
      ...(call && { call }),
    })
  return [
    route(
      {
        ...read,
        id: `inferenceModel${suffix}`,
        path,
        params,
        summary: 'Inputs and outputs of a model',
        answer: ModelMetadata,
      },
      async (input) => ({ kind: 'json', body: toMetadata(find(input.params), catalogue) }),
    ),
    route(
      {
        ...read,
        id: `inferenceModelReady${suffix}`,
        path: `${path}/ready`,
        params,
        summary: 'Whether a model can be called',
        answer: Ready,
      },
      async (input) => {
        find(input.params)
        return readiness(true)
      },
    ),
    route(
      {
        ...metered,
        id: `infer${suffix}`,
        path: `${path}/infer`,
        params,
        body: InferenceRequest,
        summary: 'Runs a model on tensors',
        answer: InferenceAnswer,
      },
      async (input, exchange) => {
        const offer = find(input.params, callName(input.sent, exchange))
        return serve(planInference(offer, input.body), exchange, input.sent)
      },
    ),
  ]
}

/** The same for a call and its second try with a payment. */
function callName(sent: unknown, { headers }: Exchange): Hex {
  return requestHash({ sent, key: String(headers['idempotency-key'] ?? '') })
}

function readiness(ready: boolean): Answer {
  return { kind: 'json', status: ready ? 200 : 503, body: { ready } }
}

function toMetadata(
  { name, model: { manifest } }: Offer,
  catalogue: Catalogue,
): z.output<typeof ModelMetadata> {
  const tensor = ({ name, type, shape }: TensorSpec) => ({
    name,
    datatype: typeToDatatype(type),
    shape: shapeToJson(shape),
  })
  return {
    name,
    versions: catalogue.versions(name),
    platform: manifest.runtime,
    inputs: manifest.inputs.map(tensor),
    outputs: manifest.outputs.map(tensor),
  }
}
