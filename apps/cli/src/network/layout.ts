import { access, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cliError } from '../exit-codes.ts'

/** Ports of one node of a network on this host. */
const Ports = z.object({
  rpc: z.number().int(),
  monitor: z.number().int(),
  p2p: z.number().int(),
  /** Null on a node of the chain alone. */
  gateway: z.number().int().nullable(),
})
export type Ports = z.infer<typeof Ports>

const NetworkNode = z.object({
  id: z.number().int().positive(),
  /** Whether the genesis names it; others follow, or are voted in later. */
  isGenesisValidator: z.boolean(),
  services: z.enum(['all', 'chain']),
  /** Threads that mine. */
  mine: z.number().int(),
  peerId: z.string(),
  validator: z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{40}$/)]),
  ports: Ports,
})
export type NetworkNode = z.infer<typeof NetworkNode>

/** The file net.json: what belongs to a network on this host. What runs is in each node's process.json. */
export const NetworkFile = z.object({
  quoin: z.literal('network/1'),
  chainId: z.number().int(),
  consensus: z.enum(['bft', 'pow']),
  /** Null with proof of work. */
  policy: z.enum(['fixed', 'authority', 'stake', 'delegated']).nullable(),
  basePort: z.number().int(),
  /** The next node's id: ids of removed nodes are not given again. */
  nextId: z.number().int(),
  nodes: z.array(NetworkNode),
})
export type NetworkFile = z.infer<typeof NetworkFile>

/** Files and folders of a network, all below one folder. */
export function pathsOf(dir: string) {
  const nodeDir = (id: number) => join(dir, `node-${id}`)
  return {
    network: join(dir, 'net.json'),
    genesis: join(dir, 'genesis.json'),
    lock: join(dir, 'net.lock'),
    nodeDir,
    nodeLog: (id: number) => join(nodeDir(id), 'node.log'),
    nodeProcess: (id: number) => join(nodeDir(id), 'process.json'),
  }
}

const defaultDir = '.quoin/net'

/** What names the folder in a command, where it must be named. */
export function atDir(dir: string): string {
  return dir === defaultDir ? '' : ` --dir ${dir}`
}

/** @throws CodedError `NOT_FOUND` when the folder holds no network */
export async function readNetwork(dir: string): Promise<NetworkFile> {
  const found = await findNetwork(dir)
  if (found) return found
  throw cliError('NETWORK_UNKNOWN', `There is no network in ${dir}`)
}

/** Null when the folder holds none. */
export async function findNetwork(dir: string): Promise<NetworkFile | null> {
  const path = pathsOf(dir).network
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (text === null) return null
  const parsed = NetworkFile.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw cliError('CONFIG_INVALID', `${path} is not the file of a network of this version`)
}

export async function writeNetwork(dir: string, network: NetworkFile): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await writeWhole(pathsOf(dir).network, toText(network))
}

/** The node of this number. @throws CodedError `NOT_FOUND` naming those that there are */
export function nodeOf(network: NetworkFile, id: number): NetworkNode {
  const found = network.nodes.find((node) => node.id === id)
  if (found) return found
  const ids = network.nodes.map((node) => node.id).join(', ')
  throw cliError('NOT_FOUND', `There is no node ${id}; there are ${ids}`)
}

/** A crash leaves the file as it was, or whole. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  {
    await using file = await open(temporary, 'w', mode)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(temporary, path)
}

export function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
