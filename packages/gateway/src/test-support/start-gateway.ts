import type { Exchange } from '@quoin/exchange'
import type { Logger } from '@quoin/kernel'
import { createGateway, type GatewayOptions } from '../gateway.ts'
import type { GatewayLimits } from '../limits.ts'
import type { Health } from '../node/health.ts'
import type { Service } from '../service.ts'
import {
  createFakeDoubler,
  createFakeEmbedder,
  createFakeHost,
  FakeGenerator,
} from './fake-models.ts'
import { MemoryMarket } from './memory-market.ts'

export interface TestGatewayOptions {
  /** Prices in atomic units for one unit; zero is free. */
  price?: bigint
  limits?: Partial<GatewayLimits>
  modelsReady?: Promise<void>
  health?: Health
  logger?: Logger
  moreMetrics?: () => Promise<string>
  exchange?: Exchange
  port?: number
}

export const operatorToken = 'only-for-tests'

/** A listening gateway over fakes, on a free port. */
export async function startGateway(options: TestGatewayOptions = {}) {
  const market = new MemoryMarket()
  const generator = new FakeGenerator()
  const host = createFakeHost(
    [createFakeEmbedder(), generator, createFakeDoubler()],
    options.modelsReady,
  )
  const { limits, logger, moreMetrics, exchange } = options
  const gatewayOptions: GatewayOptions = {
    models: host,
    market,
    services: new Map(
      [...host.models.keys()].map((id, index) => [id, serviceOf(id, index, options.price ?? 0n)]),
    ),
    health: async () => options.health ?? { ready: true, missing: [], height: 5, contracts: {} },
    info: {
      version: '0.1.0',
      chainId: 31402,
      rpcUrl: 'http://127.0.0.1:8545',
      provider: market.providerAddress,
      contracts: {},
    },
    operatorToken,
    ...(limits && { limits }),
    ...(logger && { logger }),
    ...(moreMetrics && { moreMetrics }),
    ...(exchange && { exchange }),
  }
  const gateway = await createGateway(gatewayOptions)
  const { url, port } = await gateway.listen({
    host: '127.0.0.1',
    port: options.port ?? 0,
  })
  return {
    gateway,
    options: gatewayOptions,
    market,
    generator,
    url,
    port,
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}

function serviceOf(modelId: string, index: number, price: bigint): Service {
  return {
    serviceId: `0x${String(index + 1).repeat(64)}`,
    modelId,
    class: 'fast',
    callAtomic: 0n,
    inAtomicPerMillion: price * 1_000_000n,
    outAtomicPerMillion: price * 1_000_000n,
  }
}

/** Waits until `condition` holds; tests have no fixed sleeps. */
export async function until(condition: () => boolean, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Not true within ${limitMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
