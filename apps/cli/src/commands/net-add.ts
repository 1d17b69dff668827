import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import {
  type NetworkFile,
  type NetworkNode,
  nodeOf,
  pathsOf,
  readNetwork,
  writeNetwork,
} from '../network/layout.ts'
import { takeLock } from '../network/lock.ts'
import { makeNode } from '../network/make-network.ts'
import { stopProcess } from '../network/node-process.ts'
import { choosePorts } from '../network/ports.ts'
import { askNode, readReports } from '../network/read-status.ts'
import { startNodes } from '../network/start-nodes.ts'
import { formatCount } from '../output/amounts.ts'
import { report } from './net-control.ts'

/** A further node: keys, folder and ports of its own; it catches up with the chain and follows it. */
export async function netAdd(
  context: Context,
  { dir, validator }: { dir: string; validator: boolean },
): Promise<void> {
  const { terminal, env } = context
  await using _lock = await takeLock(pathsOf(dir).lock)
  const before = await readNetwork(dir)
  if (validator && before.policy === 'fixed')
    throw cliError('USAGE', 'The validators of this chain are fixed: leave out --validator')
  if (validator && before.consensus === 'pow')
    throw cliError(
      'USAGE',
      'With proof of work a node mines without being let: leave out --validator',
    )
  const id = before.nextId
  terminal.progress(`Making keys of node ${id} …`)
  const { chainId, consensus } = before
  const folder = pathsOf(dir).nodeDir(id)
  const { member } = await makeNode(folder, { chainId, password: env.QUOIN_NODE_PASSWORD })
  const node: NetworkNode = {
    ...{ id, isGenesisValidator: false, services: 'chain', peerId: member.peerId },
    validator: member.address,
    mine: consensus === 'pow' ? 1 : 0,
    ports: await choosePorts(before, { id, services: 'chain' }),
  }
  const network: NetworkFile = { ...before, nextId: id + 1, nodes: [...before.nodes, node] }
  await writeNetwork(dir, network)
  const started = await startNodes(context, { dir, network, ids: [id] })
  const seated = validator ? await seat(context, { dir, network: started.network, node }) : null
  const { policy, effectiveFromBlock: from } = seated ?? {}
  const how = policy === 'authority' ? 'voted in' : 'staked'
  const what = seated ? `, ${how}: it validates from block ${formatCount(from ?? 0n)} on` : ''
  await report(context, dir, `Added node ${id}${what}`)
}

/** By the JSON-RPC of a node that answers; the new one may still be catching up. */
async function seat(
  context: Context,
  options: { dir: string; network: NetworkFile; node: NetworkNode },
) {
  const { terminal, env, signal } = context
  const reports = await readReports(options.dir, options.network, signal)
  const other = reports.find(({ id, state }) => state === 'running' && id !== options.node.id)
  if (!other)
    throw cliError('NOT_RUNNING', 'No other node answers, so the new one cannot be let in')
  const { seatNode } = await import('../network/seat-node.ts')
  const seated = await seatNode({
    ...{ ...options, rpcUrl: other.rpc, password: env.QUOIN_NODE_PASSWORD },
    onProgress: (step) =>
      terminal.progress(`Making node ${options.node.id} a validator: ${step} …`),
  })
  terminal.progress(null)
  return seated
}

/** Takes a node off the network. A validator that is just taken away counts as one that is silent. */
export async function netRemove(
  context: Context,
  { dir, id, force }: { dir: string; id: number; force: boolean },
): Promise<void> {
  await using _lock = await takeLock(pathsOf(dir).lock)
  const network = await readNetwork(dir)
  const node = nodeOf(network, id)
  if (network.nodes.length === 1)
    throw cliError('REFUSED', 'This is the only node: `quoin net down` stops it')
  if (!force && (await validates(context, { network, node })))
    throw cliError(
      'REFUSED',
      `Node ${id} validates: the others would miss its votes. Let it leave first (quoin validator unbond, or a vote), or give --force`,
    )
  await stopProcess(dir, id)
  const nodes = network.nodes.filter((other) => other.id !== id)
  await writeNetwork(dir, { ...network, nodes })
  await report(context, dir, `Removed node ${id}; its folder stays: ${pathsOf(dir).nodeDir(id)}`)
}

/** Now, or from an epoch to come on; as any node knows it that answers, else as the genesis says. */
async function validates(
  { signal }: Context,
  { network, node }: { network: NetworkFile; node: NetworkNode },
): Promise<boolean> {
  if (network.consensus === 'pow') return false
  for (const { ports } of network.nodes) {
    const status = await askNode(`http://127.0.0.1:${ports.monitor}`, signal)
    if (!status) continue
    if (status.validators.some(({ address }) => address === node.validator)) return true
    if (status.policy === 'fixed') return false
    const { isToValidate } = await import('../network/seat-node.ts')
    return isToValidate(status.rpcUrl, { network, validator: node.validator })
  }
  return node.isGenesisValidator
}
