import type { Chain } from '@quoin/chain'
import type { Logger, Scope } from '@quoin/kernel'
import type { NodeConfig } from '../config.ts'
import type { ChainMetrics } from './metrics.ts'
import { jsonPage, openPages } from './server.ts'
import { readStatus } from './status.ts'

/** Where a node of the chain alone is watched unless it says otherwise. */
const defaultPort = 9402

/**
 * Serves what an operator watches of the chain: GET /health, /metrics and /status. Nodes with a gateway have
 * none unless a port is given.
 * @throws CodedError `PORT_TAKEN`
 */
export async function openMonitor(
  parts: { config: NodeConfig; chain: Chain; metrics: ChainMetrics; logger: Logger },
  scope: Scope,
): Promise<{ url: string } | null> {
  const { config, chain, metrics, logger } = parts
  const port = config.monitorPort ?? (config.services === 'chain' ? defaultPort : null)
  if (port === null) return null
  const status = () => readStatus(chain)
  const pages = {
    '/health': async () => {
      const { height, failure, rpcUrl } = await status()
      const missing = failure === null ? [] : [`chain: ${failure}`]
      const state = failure === null ? 'ready' : 'failed'
      return jsonPage(failure === null ? 200 : 503, { status: state, missing, height, rpcUrl })
    },
    '/metrics': async () => ({
      status: 200,
      contentType: metrics.contentType,
      body: await metrics.text(),
    }),
    '/status': async () => jsonPage(200, await status()),
  }
  const server = scope.own(await openPages(pages, { host: config.host, port }))
  logger.info({ url: server.url }, 'monitor is running')
  return server
}
