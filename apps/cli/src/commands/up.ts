import { performance } from 'node:perf_hooks'
import { createLogger, type Node, NodeConfig, startNode } from '@quoin/node'
import { removeEndpoints, writeEndpoints } from '../client/endpoints.ts'
import type { Context } from '../context.ts'
import type { Settings } from '../settings/settings.ts'
import { announceNode } from './announce-node.ts'

/** Runs a node until Ctrl-C. */
export async function up(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const { terminal, signal } = context
  const startedAt = performance.now()
  await using node = await startReadyNode(context, settings)
  const seconds = (performance.now() - startedAt) / 1000
  const { dataDir, gatewayUrl, rpcUrl, monitorUrl } = node
  await writeEndpoints(dataDir, { pid: process.pid, gatewayUrl, rpcUrl, monitorUrl })
  try {
    await announceNode(context, node, seconds)
    await Promise.race([untilAborted(signal), node.failure])
    terminal.note('Stopping …')
  } finally {
    await removeEndpoints(dataDir)
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
    signal,
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

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
