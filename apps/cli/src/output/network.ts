import type { NodeReport, NodeState } from '../network/read-status.ts'
import { formatCount } from './amounts.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { shortHex } from './text.ts'

/** How the nodes of a chain agree, in words. */
export function describeConsensus({
  consensus,
  policy,
}: {
  consensus: 'bft' | 'pow'
  policy: string | null
}): string {
  if (consensus === 'pow') return 'proof of work'
  return policy === 'fixed' ? 'bft with fixed validators' : `bft by ${describePolicy(policy)}`
}

export function describePolicy(policy: string | null): string {
  return policy === 'delegated' ? 'delegated stake' : `${policy}`
}

const right = 'right' as const

/** Who mines has a hash rate and no round. */
const columnsOf = (consensus: 'bft' | 'pow') => [
  { title: 'Node', align: right },
  { title: 'State' },
  { title: 'Process', align: right },
  { title: 'Height', align: right },
  { title: consensus === 'bft' ? 'Round' : 'Hashes/s', align: right },
  { title: 'Peers', align: right },
  { title: 'Latency', align: right },
  { title: consensus === 'bft' ? 'Validator' : 'Miner' },
  { title: 'JSON-RPC' },
]

const styles = {
  running: 'green',
  starting: 'yellow',
  silent: 'yellow',
  stopped: 'dim',
  dead: 'red',
} as const satisfies Record<NodeState, string>

/** One line for each node. */
export function nodeLines(
  nodes: readonly NodeReport[],
  consensus: 'bft' | 'pow',
  terminal: Terminal,
): string[] {
  const rows = nodes.map((node) => [
    String(node.id),
    terminal.style(styles[node.state], node.failure === null ? node.state : 'failed'),
    orDash(node.pid),
    countOrDash(node.height),
    consensus === 'bft' ? orDash(node.round) : countOrDash(node.hashesPerSecond),
    orDash(node.peers),
    node.latencyMs === null ? '-' : `${node.latencyMs.toFixed(1)} ms`,
    `${shortHex(node.validator, 6, 4)}${node.isGenesisValidator ? '' : ' *'}`,
    node.rpc,
  ])
  return renderTable(columnsOf(consensus), rows, (text) => terminal.style('dim', text))
}

/** What there is to say of nodes that ended otherwise than asked, and what starts them again. */
export function deathLines(
  nodes: readonly NodeReport[],
  { terminal, at }: { terminal: Terminal; at: string },
): string[] {
  return nodes
    .filter(({ state }) => state === 'dead')
    .flatMap(({ id, lastWords }) => [
      '',
      `${terminal.style('red', `Node ${id} is dead:`)} npx quoin net start ${id}${at} starts it again`,
      ...(lastWords === null ? [] : [`  its log ends: ${lastWords}`]),
    ])
}

function countOrDash(value: number | null): string {
  return value === null ? '-' : formatCount(Math.round(value))
}

function orDash(value: number | null): string {
  return value === null ? '-' : String(value)
}
