import type { Hex } from '@quoin/kernel'
import type { ModelHost } from '@quoin/models'
import { z } from 'zod'

/** What the node knows of its other parts. */
export interface Health {
  ready: boolean
  /** What is not ready yet, in words. */
  missing: string[]
  /** Height of the chain's newest block. */
  height: number
  contracts: Record<string, Hex>
}

export const HealthJson = z
  .object({
    status: z.enum(['ready', 'starting', 'stopping']),
    missing: z.array(z.string()),
    height: z.int(),
    contracts: z.record(z.string(), z.string()),
    models: z.array(z.string()).describe('Those that can be called now'),
  })
  .meta({ id: 'Health' })

export interface HealthSources {
  node: () => Promise<Health>
  models: ModelHost
  isStopping(): boolean
}

export type HealthReader = () => Promise<z.output<typeof HealthJson>>

/** Joins the node's health with the models' and the gateway's own. */
export function createHealthReader({ node, models, isStopping }: HealthSources): HealthReader {
  let modelsState: 'starting' | 'ready' | 'failed' = 'starting'
  models.ready().then(
    () => {
      modelsState = 'ready'
    },
    () => {
      modelsState = 'failed'
    },
  )
  return async () => {
    const { ready, missing, height, contracts } = await node()
    const waits = modelsState === 'ready' ? [] : [`models: ${modelsState}`]
    const whole = ready && waits.length === 0
    return {
      status: isStopping() ? 'stopping' : whole ? 'ready' : 'starting',
      missing: [...missing, ...waits],
      height,
      contracts,
      models: modelsState === 'ready' ? [...models.models.keys()] : [],
    }
  }
}
