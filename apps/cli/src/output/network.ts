import type { NodeReport, NodeState } from '../network/read-status.ts'
import { formatCount } from './amounts.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { shortHex } from './text.ts'

const right = 'right' as const
const columns = [
  { title: 'Node', align: right },
  { title: 'State' },
  { title: 'Process', align: right },
  { title: 'Height', align: right },
  { title: 'Round', align: right },
  { title: 'Peers', align: right },
  { title: 'Latency', align: right },
  { title: 'Validator' },
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
export function nodeLines(nodes: readonly NodeReport[], terminal: Terminal): string[] {
  const rows = nodes.map((node) => [
    String(node.id),
    terminal.style(styles[node.state], node.failure === null ? node.state : 'failed'),
    orDash(node.pid),
    node.height === null ? '-' : formatCount(node.height),
    orDash(node.round),
    orDash(node.peers),
    node.latencyMs === null ? '-' : `${node.latencyMs.toFixed(1)} ms`,
    `${shortHex(node.validator, 6, 4)}${node.isGenesisValidator ? '' : ' *'}`,
    node.rpc,
  ])
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}

function orDash(value: number | null): string {
  return value === null ? '-' : String(value)
}
