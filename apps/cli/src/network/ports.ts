import { createServer } from 'node:net'
import type { NetworkFile, Ports } from './layout.ts'

const host = '127.0.0.1'

/**
 * Ports for a node: `basePort + 10·id` and those after it, each replaced by any free one when it is taken by
 * another program or node. What `current` has stays where it can.
 */
export async function choosePorts(
  network: NetworkFile,
  node: { id: number; services: 'all' | 'chain'; ports?: Ports },
): Promise<Ports> {
  const others = network.nodes.filter(({ id }) => id !== node.id)
  const reserved = new Set(others.flatMap(({ ports }) => Object.values(ports)))
  const first = network.basePort + 10 * node.id
  const choose = async (wanted: number): Promise<number> => {
    const port = await freePort(wanted, reserved)
    reserved.add(port)
    return port
  }
  const { ports } = node
  const rpc = await choose(ports?.rpc ?? first)
  const monitor = await choose(ports?.monitor ?? first + 1)
  const p2p = await choose(ports?.p2p ?? first + 2)
  const gateway = node.services === 'all' ? await choose(ports?.gateway ?? first + 3) : null
  return { rpc, monitor, p2p, gateway }
}

async function freePort(wanted: number, reserved: ReadonlySet<number | null>): Promise<number> {
  if (wanted < 65536 && !reserved.has(wanted) && (await tryPort(wanted)) !== null) return wanted
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = await tryPort(0)
    if (port !== null && !reserved.has(port)) return port
  }
  throw new Error('No free port was found in a hundred attempts')
}

/** The port, when it can be listened on. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, host, () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound ? bound.port : null))
    })
  })
}
