import type { BftOrder, PowOrder } from '@quoin/node/setup'
import type { Context } from '../context.ts'
import { type NetworkFile, type NetworkNode, pathsOf, writeNetwork } from './layout.ts'
import { makeNodes, refuseToOverwrite, removeMade, writeGenesis } from './make-network.ts'
import { choosePorts } from './ports.ts'

export interface NetworkOrder {
  /** Nodes that the genesis names; with proof of work, that mine. */
  validators: number
  chain: BftOrder | PowOrder
  basePort: number
  /** Whether the first node has models, market and gateway too. */
  withProvider: boolean
}

/** Makes keys, genesis and ports of a network on this host; nothing of it runs yet. */
export async function createNetwork(
  context: Context,
  dir: string,
  order: NetworkOrder,
): Promise<NetworkFile> {
  await refuseToOverwrite(dir)
  try {
    return await makeWhole(context, dir, order)
  } catch (error) {
    await removeMade(dir, order.validators)
    throw error
  } finally {
    context.terminal.progress(null)
  }
}

async function makeWhole(context: Context, dir: string, order: NetworkOrder): Promise<NetworkFile> {
  const { terminal, env, signal } = context
  const { values: settings } = await context.settings()
  const { chainId } = settings
  const { chain, validators: count, basePort } = order
  const { consensus } = chain
  const policy = chain.consensus === 'bft' ? chain.policy : null
  const made = await makeNodes(dir, {
    count,
    chainId,
    password: env.QUOIN_NODE_PASSWORD,
    signal,
    onProgress: (done) => terminal.progress(`Making keys … ${done}/${count}`),
  })
  const members = made.map(({ member }) => member)
  await writeGenesis(pathsOf(dir).genesis, members, {
    ...{ chainId, order: chain },
    withDevelopmentAccount: true,
    funds: [],
  })
  const nextId = count + 1
  let network: NetworkFile = {
    ...{ quoin: 'network/1', chainId, consensus, policy, basePort, nextId },
    nodes: [],
  }
  for (const [at, { peerId, address }] of members.entries()) {
    const services = at === 0 && order.withProvider ? 'all' : 'chain'
    const ports = await choosePorts(network, { id: at + 1, services })
    const node: NetworkNode = {
      ...{ id: at + 1, isGenesisValidator: true, services, peerId, validator: address, ports },
      mine: consensus === 'pow' ? 1 : 0,
    }
    network = { ...network, nodes: [...network.nodes, node] }
  }
  await writeNetwork(dir, network)
  return network
}
