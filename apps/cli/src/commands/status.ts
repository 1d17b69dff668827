import { findNode } from '../client/endpoints.ts'
import { NodeClient } from '../client/node-client.ts'
import type { Context } from '../context.ts'
import { formatCount } from '../output/amounts.ts'
import { modelLines } from '../output/models.ts'
import { renderFacts } from '../output/table.ts'

/** What the node says of itself. @throws CodedError `NOT_REACHABLE` */
export async function showStatus(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const { gatewayUrl, rpcUrl } = await findNode(settings)
  const node = new NodeClient(gatewayUrl, context.signal)
  const [health, info, models] = await Promise.all([node.health(), node.info(), node.models()])
  const { terminal } = context
  terminal.document({ ...info, ...health, gatewayUrl, rpcUrl, models })
  const isReady = health.status === 'ready'
  const facts: [string, string][] = [
    ['State', terminal.style(isReady ? 'green' : 'yellow', health.status)],
    ['Gateway', gatewayUrl],
    ['JSON-RPC', rpcUrl],
    ['Chain', `${info.chainId}, block ${formatCount(health.height)}`],
    ['Provider', info.provider],
  ]
  if (health.missing.length > 0) facts.push(['Missing', health.missing.join(', ')])
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
  terminal.line()
  for (const line of modelLines(models, terminal)) terminal.line(line)
}
