import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Member } from '@quoin/node/setup'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { toText, writeWhole } from '../network/layout.ts'
import {
  type ChainOrder,
  makeNodes,
  refuseToOverwrite,
  removeMade,
  writeGenesis,
} from '../network/make-network.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import { shortHex } from '../output/text.ts'

export interface ChainInitOptions extends ChainOrder {
  dir: string
  /** How many nodes' keys to make here; 0 when members bring their own. */
  count: number
  /** Files of `quoin chain key` of parties who made their keys themselves. */
  memberFiles: readonly string[]
}

const p2pPort = 30402

/** Writes the genesis of a new chain, and the keys of those members who did not make their own. */
export async function initChain(context: Context, options: ChainInitOptions): Promise<void> {
  const { chainId } = (await context.settings()).values
  const { dir, memberFiles, count } = options
  await refuseToOverwrite(dir)
  const others = await readMembers(memberFiles, chainId)
  try {
    await makeChain(context, { ...options, chainId, others })
  } catch (error) {
    await removeMade(dir, count)
    throw error
  }
}

async function makeChain(
  context: Context,
  options: ChainInitOptions & { chainId: number; others: readonly Member[] },
): Promise<void> {
  const { terminal, env, signal } = context
  const { dir, count, chainId, others } = options
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const made = await makeNodes(dir, {
    count,
    chainId,
    password: env.QUOIN_NODE_PASSWORD,
    signal,
    onProgress: (done) => terminal.progress(`Making keys … ${done}/${count}`),
  })
  terminal.progress(null)
  const members = [...made.map(({ member }) => member), ...others]
  const genesis = join(dir, 'genesis.json')
  await writeGenesis(genesis, members, options)
  await writeSettings(
    dir,
    made.map(({ folder }) => folder),
    members,
    genesis,
  )
  terminal.document({
    chainId,
    consensus: options.order.consensus,
    policy: options.order.consensus === 'bft' ? options.order.policy : null,
    dir,
    genesis,
    members: members.map((member, at) => ({ ...member, folder: made[at]?.folder ?? null })),
  })
  describe(context, { ...options, genesis, members, folders: made.map((m) => m.folder) })
}

async function readMembers(files: readonly string[], chainId: number): Promise<Member[]> {
  const { parseMember } = await import('@quoin/node/setup')
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw cliError('USAGE', `The member's file ${file} cannot be read`, { cause })
      })
      try {
        return parseMember(JSON.parse(text), chainId, file)
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause
        throw cliError('USAGE', `${file} is not JSON`, { cause })
      }
    }),
  )
}

/**
 * What each node needs besides its keys, as the settings file of its data folder: the genesis beside it, and
 * who the members are. Members alone may connect.
 */
async function writeSettings(
  dir: string,
  folders: readonly string[],
  members: readonly Member[],
  genesis: string,
): Promise<void> {
  const settings = toText({
    genesis: 'genesis.json',
    listen: [`/ip4/0.0.0.0/tcp/${p2pPort}`],
    bootstrap: members.flatMap(({ addresses, peerId }) =>
      addresses.map((address) =>
        address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`,
      ),
    ),
    allowPeer: members.map(({ peerId }) => peerId),
  })
  const text = await readFile(genesis, 'utf8')
  await writeWhole(join(dir, 'quoin.json'), settings)
  for (const folder of folders) {
    await writeWhole(join(folder, 'genesis.json'), text)
    await writeWhole(join(folder, 'quoin.json'), settings)
  }
}

interface Made extends ChainInitOptions {
  chainId: number
  genesis: string
  members: readonly Member[]
  folders: readonly string[]
}

function describe({ terminal }: Context, made: Made): void {
  const { order, chainId, genesis, members, folders, dir } = made
  const dim = (text: string) => terminal.style('dim', text)
  const facts: [string, string][] = [
    ['Chain', `${chainId}, ${describeOrder(order)}`],
    ['Genesis', genesis],
    ['Settings', join(dir, 'quoin.json')],
  ]
  for (const line of renderFacts(facts, { styleLabel: dim })) terminal.line(line)
  terminal.line()
  const columns = ['Node', 'Validator', 'Peer id'].map((title) => ({ title }))
  const rows = members.map(({ address, peerId }, at) => [
    folders[at] ?? dim('keys made by the member'),
    address,
    shortHex(peerId, 8, 6),
  ])
  for (const line of renderTable(columns, rows, dim)) terminal.line(line)
  terminal.line()
  for (const line of instructions(made)) terminal.line(line)
}

function describeOrder(order: ChainOrder['order']): string {
  if (order.consensus === 'pow') return `proof of work, a block in ${order.targetBlockMs / 1000} s`
  const { policy, epochBlocks } = order
  if (policy === 'fixed') return 'bft, validators fixed for good'
  return `bft, validators by ${policy}, epochs of ${epochBlocks} blocks`
}

function instructions({ folders, members, dir }: Made): string[] {
  const [first] = folders
  const lines: string[] = []
  if (folders.length > 0)
    lines.push(
      'Each folder is one node: move it to its machine on a way that nobody else reads, for it holds',
      'the keys, and delete it here. Better, let each party make its own keys: quoin chain key.',
    )
  if (members.length > folders.length)
    lines.push(
      `Give every member ${join(dir, 'genesis.json')} and ${join(dir, 'quoin.json')}, to be put`,
      'into the data folder of its keys. Nothing in them is secret, and all must have the same.',
    )
  lines.push(
    '',
    'On each machine, start the node with',
    `  npx quoin up --data-dir ${first ?? 'FOLDER'} --services chain`,
  )
  if (members.some(({ addresses }) => addresses.length === 0))
    lines.push(
      `with --bootstrap /dns4/HOST/tcp/${p2pPort} naming one or more of the others' machines.`,
    )
  if (members.some(({ addresses }) => addresses.some((one) => !one.includes(`/tcp/${p2pPort}`))))
    lines.push(
      `A member whose address has another port than ${p2pPort} adds --listen /ip4/0.0.0.0/tcp/PORT.`,
    )
  return lines
}
