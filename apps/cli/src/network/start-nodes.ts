import type { Context } from '../context.ts'
import { type NetworkFile, type NetworkNode, writeNetwork } from './layout.ts'
import { readProcess, spawnNode, stopProcess, waitUntilReady } from './node-process.ts'
import { choosePorts } from './ports.ts'

/**
 * Starts those of the nodes that do not run, and waits until they serve; when one cannot, or Ctrl-C comes,
 * those started here are stopped again. Gives the network with the ports that were taken.
 */
export async function startNodes(
  context: Context,
  options: { dir: string; network: NetworkFile; ids: readonly number[] },
): Promise<{ network: NetworkFile; started: number[] }> {
  const { dir, ids } = options
  const { terminal, signal, env } = context
  const idle: number[] = []
  for (const id of ids) if (!(await readProcess(dir, id))?.alive) idle.push(id)
  const network = await assignPorts(options.network, idle)
  await writeNetwork(dir, network)
  const nodes = network.nodes.filter(({ id }) => idle.includes(id))
  let ready = 0
  const show = () => terminal.progress(`Starting ${countOf(nodes)} … ${ready} ready`)
  show()
  const failed = new AbortController()
  try {
    const both = AbortSignal.any([signal, failed.signal])
    await Promise.all(
      nodes.map(async ({ id }, at) => {
        const node = nodes[at]
        if (!node) return
        const identity = await spawnNode(dir, network, node, env)
        await waitUntilReady(dir, id, { identity, signal: both })
        ready++
        show()
      }),
    )
  } catch (error) {
    failed.abort()
    terminal.progress(`Stopping ${countOf(nodes)} …`)
    await Promise.all(nodes.map(({ id }) => stopProcess(dir, id, { limitMs: 10_000 })))
    throw error
  } finally {
    terminal.progress(null)
  }
  return { network, started: idle }
}

async function assignPorts(network: NetworkFile, ids: readonly number[]): Promise<NetworkFile> {
  let result = network
  for (const id of ids) {
    const node = result.nodes.find((candidate) => candidate.id === id)
    if (node) result = withNode(result, { ...node, ports: await choosePorts(result, node) })
  }
  return result
}

/** The network with the node in place of the one with its number. */
function withNode(network: NetworkFile, node: NetworkNode): NetworkFile {
  return { ...network, nodes: network.nodes.map((other) => (other.id === node.id ? node : other)) }
}

/** `1 node`, `4 nodes`. */
export function countOf(nodes: readonly unknown[]): string {
  return nodes.length === 1 ? '1 node' : `${nodes.length} nodes`
}
