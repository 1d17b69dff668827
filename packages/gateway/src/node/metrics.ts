import type { Units } from '@quoin/protocol'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

interface RequestSample {
  /** The route's pattern, never the path with its values. */
  route: string
  method: string
  status: number
  seconds: number
}

/** Prometheus metrics of one gateway, in a registry of its own. */
export interface GatewayMetrics {
  readonly contentType: string
  request(sample: RequestSample): void
  used(model: string, units: Units): void
  charged(model: string, amountAtomic: bigint): void
  /** The text exposition format. */
  text(): Promise<string>
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface Asked {
  /** Model calls in work. */
  running: () => number
  /** What else the node measures, as text. */
  more: (() => Promise<string>) | undefined
}

/** Both are asked at each scrape. */
export function createMetrics({ running, more }: Asked): GatewayMetrics {
  const registry = new Registry()
  const registers = [registry]
  const seconds = new Histogram({
    name: 'quoin_gateway_request_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets,
    registers,
  })
  const units = new Counter({
    name: 'quoin_gateway_units_total',
    help: 'Tokens or rows metered, charged or free',
    labelNames: ['model', 'direction'],
    registers,
  })
  const amount = new Counter({
    name: 'quoin_gateway_charged_atomic_total',
    help: 'Credit charged, in atomic units (6 decimals)',
    labelNames: ['model'],
    registers,
  })
  const calls: Gauge = new Gauge({
    name: 'quoin_gateway_calls_running',
    help: 'Model calls between admission and the end of their answer',
    registers,
    collect() {
      calls.set(running())
    },
  })
  return {
    contentType: registry.contentType,
    request: (sample) =>
      seconds.labels(sample.route, sample.method, String(sample.status)).observe(sample.seconds),
    used(model, used) {
      units.labels(model, 'in').inc(used.in)
      units.labels(model, 'out').inc(used.out)
    },
    charged: (model, amountAtomic) => amount.labels(model).inc(Number(amountAtomic)),
    text: async () => [await registry.metrics(), (await more?.()) ?? ''].join('\n'),
  }
}
