import type { Hex } from '@quoin/kernel'
import { z } from 'zod'
import { type Answer, plain, type Route, route } from '../operation.ts'
import type { Catalogue } from '../service.ts'
import { frontPage } from './front-page.ts'
import { HealthJson, type HealthReader } from './health.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createOpenApi } from './openapi.ts'

/** Where the node's chain is and who the provider is: what a client needs to check a receipt itself. */
export interface NodeInfo {
  version: string
  chainId: number
  rpcUrl: string
  provider: Hex
  contracts: Record<string, Hex>
}

const InfoJson = z
  .object({
    version: z.string(),
    chainId: z.int(),
    rpcUrl: z.string(),
    provider: z.string(),
    contracts: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Info' })

export interface NodeRouteOptions {
  info: NodeInfo
  health: HealthReader
  metrics: GatewayMetrics
  catalogue: Catalogue
}

const read = { ...plain, method: 'GET', tag: 'Node' } as const

export function nodeRoutes({ info, health, metrics, catalogue }: NodeRouteOptions): Route[] {
  return [
    route(
      {
        ...read,
        id: 'getInfo',
        path: '/quoin/info',
        summary: 'Chain and contracts',
        answer: InfoJson,
      },
      async () => ({ kind: 'json', body: info }),
    ),
    route(
      {
        ...read,
        id: 'getHealth',
        path: '/health',
        summary: '200 once all is ready, otherwise 503 with what is missing',
        answer: HealthJson,
      },
      async () => {
        const body = await health()
        return { kind: 'json', status: body.status === 'ready' ? 200 : 503, body }
      },
    ),
    route(
      {
        ...read,
        id: 'getMetrics',
        path: '/metrics',
        summary: 'Prometheus metrics',
        answer: z.string(),
        answerType: 'text/plain',
      },
      async () => text(metrics.contentType, await metrics.text()),
    ),
    route(
      {
        ...read,
        id: 'getFrontPage',
        path: '/',
        summary: 'A page for people',
        answer: z.string(),
        answerType: 'text/html',
      },
      async () => frontPage({ info, health: await health(), offers: catalogue.list() }),
    ),
  ]
}

/** The document describes itself too; it is made once. */
export function openApiRoute(routes: Route[], version: string): Route {
  const operation = {
    ...read,
    id: 'getOpenApi',
    path: '/openapi.json',
    summary: 'This document',
    answer: z.looseObject({ openapi: z.string() }),
  }
  const operations = [...routes.map((one) => one.operation), operation]
  const document = JSON.stringify(createOpenApi(operations, version))
  return route(operation, async () => text('application/json', document))
}

function text(contentType: string, body: string): Answer {
  return { kind: 'bytes', status: 200, headers: { 'content-type': contentType }, body }
}
