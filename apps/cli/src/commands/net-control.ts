import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { type NetworkFile, nodeOf, pathsOf, readNetwork } from '../network/layout.ts'
import { takeLock } from '../network/lock.ts'
import { killProcess, stopProcess } from '../network/node-process.ts'
import { readReports } from '../network/read-status.ts'
import { startNodes } from '../network/start-nodes.ts'
import { nodeLines } from '../output/network.ts'
import { stopAll } from './net-up.ts'

export interface NodesOrder {
  dir: string
  ids: readonly number[]
}

/** kill -9 of nodes, as a power cut would: what `net start` must recover from. */
export function netKill(context: Context, order: NodesOrder): Promise<void> {
  return endNodes(context, order, { run: killProcess, done: 'Killed', doing: 'Killing' })
}

/** Asks nodes to end in order. */
export function netStop(context: Context, order: NodesOrder): Promise<void> {
  return endNodes(context, order, { run: stopProcess, done: 'Stopped', doing: 'Stopping' })
}

async function endNodes(
  context: Context,
  { dir, ids }: NodesOrder,
  { run, done, doing }: { run: typeof killProcess; done: string; doing: string },
): Promise<void> {
  const { terminal } = context
  const network = await readNetwork(dir)
  for (const id of ids) nodeOf(network, id)
  await using _lock = await takeLock(pathsOf(dir).lock)
  terminal.progress(`${doing} ${namesOf(ids)} …`)
  const ended = await Promise.all(ids.map(async (id) => ((await run(dir, id)) ? [id] : [])))
  terminal.progress(null)
  const idle = ids.filter((id) => !ended.flat().includes(id))
  if (idle.length === ids.length)
    throw cliError('NOT_RUNNING', `${capital(namesOf(idle))} did not run`)
  await report(context, dir, `${done} ${namesOf(ended.flat())}`)
}

/** Starts nodes that do not run; they go on from what their folders hold. */
export async function netStart(context: Context, { dir, ids }: NodesOrder): Promise<void> {
  const network = await readNetwork(dir)
  for (const id of ids) nodeOf(network, id)
  await using _lock = await takeLock(pathsOf(dir).lock)
  const { started } = await startNodes(context, { dir, network, ids })
  const what =
    started.length === 0 ? `${capital(namesOf(ids))} ran already` : `Started ${namesOf(started)}`
  await report(context, dir, what)
}

/** Stops every node. */
export async function netDown(context: Context, { dir }: { dir: string }): Promise<void> {
  await readNetwork(dir)
  await using _lock = await takeLock(pathsOf(dir).lock)
  const stopped = await stopAll(context, dir)
  context.terminal.document({ dir, stopped })
}

/** How the network is after what was done. */
export async function report(context: Context, dir: string, what: string): Promise<void> {
  const { terminal, signal } = context
  const network: NetworkFile = await readNetwork(dir)
  const nodes = await readReports(dir, network, signal)
  terminal.document({ dir, nodes })
  terminal.line(what)
  terminal.line()
  for (const line of nodeLines(nodes, network.consensus, terminal)) terminal.line(line)
}

/** `node 3`, `nodes 2, 3`. */
export function namesOf(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'node' : 'nodes'} ${ids.join(', ')}`
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
