import { performance } from 'node:perf_hooks'
import { createLedger } from '@quoin/ledger'
import {
  createLogger,
  developmentAccount,
  type Node,
  NodeConfig,
  startNode,
  version,
} from '@quoin/node'
import { removeEndpoints, writeEndpoints } from '../client/endpoints.ts'
import { NodeClient } from '../client/node-client.ts'
import type { Context } from '../context.ts'
import { formatCoin, formatCredit } from '../output/amounts.ts'
import { modelLines } from '../output/models.ts'
import { renderFacts } from '../output/table.ts'
import type { Settings } from '../settings/settings.ts'

/** Runs a node until Ctrl-C. */
export async function up(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const { terminal, signal } = context
  const startedAt = performance.now()
  await using node = await startReadyNode(context, settings)
  const seconds = (performance.now() - startedAt) / 1000
  await writeEndpoints(node.dataDir, {
    pid: process.pid,
    gatewayUrl: node.gatewayUrl,
    rpcUrl: node.rpcUrl,
  })
  try {
    await announce(context, node, seconds)
    await Promise.race([untilAborted(signal), node.failure])
    terminal.note('Stopping …')
  } finally {
    await removeEndpoints(node.dataDir)
  }
}

/** Starts the node and waits until it serves; what it is doing is shown meanwhile. */
export async function startReadyNode(context: Context, settings: Settings): Promise<Node> {
  const { terminal, signal } = context
  const config = NodeConfig.parse(
    Object.fromEntries(Object.keys(NodeConfig.shape).map((key) => [key, Object(settings)[key]])),
  )
  terminal.progress('Starting …')
  const password = context.env.QUOIN_NODE_PASSWORD
  const node = await startNode({
    config,
    ...(password !== undefined && { password }),
    logger: createLogger(config.logLevel),
    onProgress: (step) => terminal.progress(`Starting: ${step} …`),
  })
  try {
    await Promise.race([
      node.ready(),
      node.failure,
      untilAborted(signal).then(() => signal.throwIfAborted()),
    ])
    terminal.progress(null)
    return node
  } catch (error) {
    terminal.progress(null)
    await node[Symbol.asyncDispose]()
    throw error
  }
}

async function announce({ terminal, signal }: Context, node: Node, seconds: number): Promise<void> {
  await using ledger = createLedger({ rpcUrl: node.rpcUrl, chainId: node.chainId })
  const { address } = developmentAccount
  const [credits, coins, models] = await Promise.all([
    ledger.credit.balanceOf(address),
    ledger.nativeBalanceOf(address),
    new NodeClient(node.gatewayUrl, signal).models(),
  ])
  const { gatewayUrl, rpcUrl, chainId, dataDir, provider, validator } = node
  terminal.document({
    gatewayUrl,
    rpcUrl,
    chainId,
    dataDir,
    provider,
    validator,
    developmentAccount: { address, credits, coins },
    models,
    readyAfterSeconds: seconds,
  })
  const dim = (text: string) => terminal.style('dim', text)
  const facts: [string, string][] = [
    ['Gateway', terminal.style('bold', gatewayUrl)],
    ['JSON-RPC', `${terminal.style('bold', rpcUrl)}  ${dim(`chain ${chainId}`)}`],
    ['Provider', provider],
    ['Account', address],
    ['', `${formatCredit(credits)}, ${formatCoin(coins)} coins`],
    ['', terminal.style('yellow', 'for development only: everybody knows its key')],
    ['Data', dataDir],
  ]
  terminal.line(`${terminal.style('bold', 'Quoin')} ${version}, ready in ${seconds.toFixed(1)} s`)
  terminal.line()
  for (const line of renderFacts(facts, { styleLabel: dim, indent: 2 })) terminal.line(line)
  terminal.line()
  for (const line of modelLines(models, terminal)) terminal.line(`  ${line}`)
  terminal.line()
  terminal.line(`  ${dim('Try, in another terminal:')}`)
  terminal.line('  npx quoin demo')
  const chat = models.find(({ quoin }) => quoin.task === 'generation')
  if (chat) terminal.line(`  npx quoin call ${chat.id} "The state of the union is" --stream`)
  terminal.line()
  terminal.line(dim('Ctrl-C stops it; the next start goes on from here.'))
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
