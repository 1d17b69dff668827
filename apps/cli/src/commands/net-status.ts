import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { atDir, readNetwork } from '../network/layout.ts'
import { type NodeReport, readReports } from '../network/read-status.ts'
import { formatCount } from '../output/amounts.ts'
import { deathLines, describeConsensus, nodeLines } from '../output/network.ts'

const refreshMs = 1000

/** How the nodes of a network do; with `watch`, until Ctrl-C. */
export async function netStatus(
  context: Context,
  { dir, watch }: { dir: string; watch: boolean },
): Promise<void> {
  const { terminal, signal } = context
  if (!watch) return showOnce(context, dir)
  if (terminal.json) throw cliError('USAGE', '--watch is for people: leave it out with --json')
  while (!signal.aborted) {
    const lines = await describe(context, dir)
    terminal.line(`\u001b[H\u001b[J${lines.join('\n')}`)
    await delay(refreshMs, undefined, { signal }).catch(() => {})
  }
}

async function showOnce(context: Context, dir: string): Promise<void> {
  const { terminal, signal } = context
  if (!terminal.json) {
    for (const line of await describe(context, dir)) terminal.line(line)
    return
  }
  const network = await readNetwork(dir)
  const { chainId, consensus, policy } = network
  const nodes = await readReports(dir, network, signal)
  terminal.document({ dir, chainId, consensus, policy, ...summaryOf(nodes), nodes })
}

/** The greatest height, and how many nodes answer. */
function summaryOf(nodes: readonly NodeReport[]) {
  return {
    height: nodes.reduce((most, { height }) => Math.max(most, height ?? 0), 0),
    running: nodes.filter(({ state }) => state === 'running').length,
  }
}

async function describe(context: Context, dir: string): Promise<string[]> {
  const { terminal, signal } = context
  const network = await readNetwork(dir)
  const nodes = await readReports(dir, network, signal)
  const { height, running } = summaryOf(nodes)
  const { chainId, consensus } = network
  const how = describeConsensus(network)
  const counts = `${running} of ${nodes.length} nodes run, block ${formatCount(height)}`
  const failures = nodes.filter(({ failure }) => failure !== null)
  return [
    `${terminal.style('bold', `Chain ${chainId}`)}  ${how}  ${counts}`,
    '',
    ...nodeLines(nodes, consensus, terminal),
    ...(nodes.every(({ isGenesisValidator }) => isGenesisValidator)
      ? []
      : ['', terminal.style('dim', '* joined after the genesis')]),
    ...deathLines(nodes, { terminal, at: atDir(dir) }),
    ...failures.flatMap(({ id, failure }) => ['', terminal.style('red', `Node ${id}: ${failure}`)]),
  ]
}
