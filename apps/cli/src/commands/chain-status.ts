import type { NodeStatus } from '@quoin/node'
import { readEndpoints } from '../client/endpoints.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { askNode } from '../network/read-status.ts'
import { formatCount } from '../output/amounts.ts'
import { describeConsensus } from '../output/network.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { shortHex } from '../output/text.ts'

/** What a node knows of its chain. @throws CodedError `NOT_REACHABLE` */
export async function showChainStatus(
  context: Context,
  options: { monitorUrl: string | null },
): Promise<void> {
  const { values: settings } = await context.settings()
  const { terminal, signal } = context
  const running = await readEndpoints(settings.dataDir)
  const url = options.monitorUrl ?? running?.monitorUrl ?? `http://${settings.host}:9402`
  const status = await askNode(url, signal)
  if (!status)
    throw cliError(
      running && !running.monitorUrl ? 'NOT_FOUND' : 'NOT_REACHABLE',
      running && !running.monitorUrl
        ? `The node on ${settings.dataDir} has no monitor: start it with --monitor-port`
        : `No monitor of a node answers at ${url}`,
    )
  terminal.document(status)
  for (const line of statusLines(status, terminal)) terminal.line(line)
}

type Fact = [label: string, value: string]

function statusLines(status: NodeStatus, terminal: Terminal): string[] {
  const dim = (text: string) => terminal.style('dim', text)
  const { chainId, consensus, policy, height, round, step, peers, pool, failure } = status
  const isMember = status.validators.some(({ address }) => address === status.validator)
  const role = status.work ? '' : isMember ? ', validates' : ', follows'
  const facts: Fact[] = [
    ['Chain', `${chainId}, ${describeConsensus({ consensus, policy })}`],
    ['Block', `${formatCount(height)}  ${dim(status.headHash)}`],
    ...(status.checkpoint === null ? [] : [['Checkpoint', dim(status.checkpoint)] satisfies Fact]),
    ...(failure === null ? [] : [['Failed', terminal.style('red', failure)] satisfies Fact]),
    ...(status.work ? [] : [['Deciding', `round ${round}, ${step}`] satisfies Fact]),
    ...workFacts(status),
    [status.work ? 'Miner' : 'Node', `${status.validator ?? 'no key'}${role}`],
    ['Peer id', status.peerId ?? 'alone: neither --listen nor --bootstrap was given'],
    ['Addresses', status.addresses.join(' ') || 'none'],
    ['Pool', `${pool.pending} ready, ${pool.queued} waiting`],
    ['JSON-RPC', status.rpcUrl],
  ]
  return [
    ...renderFacts(facts, { styleLabel: dim }),
    ...(status.work ? [] : ['', ...validatorLines(status, terminal)]),
    ...(peers.length === 0 ? [] : ['', ...peerLines(status, terminal)]),
  ]
}

function workFacts({ work }: NodeStatus): Fact[] {
  if (!work) return []
  const { difficulty, mining, safeHeight, finalizedHeight, deepestReorganization } = work
  const rate = mining && `${formatCount(Math.round(mining.hashesPerSecond))} hashes/s`
  return [
    ['Difficulty', `${formatCount(BigInt(difficulty))} hashes a block`],
    [
      'Settled',
      `safe to block ${formatCount(safeHeight)}, final to ${formatCount(finalizedHeight)}`,
    ],
    ['Mining', mining ? `${rate}, ${countOfBlocks(mining.minedBlocks)} found` : 'no'],
    [
      'Reorganized',
      deepestReorganization === 0 ? 'never' : `${countOfBlocks(deepestReorganization)} at most`,
    ],
  ]
}

function countOfBlocks(count: number): string {
  return count === 1 ? '1 block' : `${formatCount(count)} blocks`
}

function validatorLines({ validators }: NodeStatus, terminal: Terminal): string[] {
  const total = validators.reduce((sum, { power }) => sum + BigInt(power), 0n)
  const rows = validators.map(({ address, power }) => [
    address,
    formatCount(BigInt(power)),
    `${(Number((BigInt(power) * 1000n) / (total || 1n)) / 10).toFixed(1)} %`,
  ])
  const columns = [
    { title: 'Validator' },
    { title: 'Power', align: 'right' as const },
    { title: 'Share', align: 'right' as const },
  ]
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}

function peerLines({ peers }: NodeStatus, terminal: Terminal): string[] {
  const rows = peers.map(({ id, address, direction, latencyMs, score, queued, dropped }) => [
    shortHex(id, 8, 6),
    direction,
    latencyMs === null ? '-' : `${latencyMs.toFixed(1)} ms`,
    score.toFixed(1),
    String(queued),
    String(dropped),
    address.replace(/\/p2p\/.*/, ''),
  ])
  const right = 'right' as const
  const columns = [
    { title: 'Peer' },
    { title: 'Direction' },
    { title: 'Latency', align: right },
    { title: 'Score', align: right },
    { title: 'Queued', align: right },
    { title: 'Dropped', align: right },
    { title: 'Address' },
  ]
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}
