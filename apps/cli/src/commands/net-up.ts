import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { createNetwork, type NetworkOrder } from '../network/create-network.ts'
import { atDir, findNetwork, type NetworkFile, pathsOf } from '../network/layout.ts'
import { takeLock } from '../network/lock.ts'
import { readProcess, stopProcess } from '../network/node-process.ts'
import { type NodeReport, readReports } from '../network/read-status.ts'
import { countOf, startNodes } from '../network/start-nodes.ts'
import { describeConsensus, nodeLines } from '../output/network.ts'

export interface NetUpOptions {
  dir: string
  /** What a new network is to be. */
  order: NetworkOrder
  /** Flags that were given, which a network that is there must agree with. */
  given: { validators: boolean; consensus: boolean; policy: boolean }
  detach: boolean
}

/** Runs the network of a folder, made first when there is none; until Ctrl-C unless detached. */
export async function netUp(context: Context, options: NetUpOptions): Promise<void> {
  const startedAt = performance.now()
  const { terminal, signal } = context
  const { dir, detach } = options
  const { network, isNew } = await bringUp(context, options)
  const nodes = await readReports(dir, network, signal)
  const seconds = (performance.now() - startedAt) / 1000
  const { chainId, consensus, policy } = network
  terminal.document({ dir, chainId, consensus, policy, isNew, nodes, readyAfterSeconds: seconds })
  announce(context, { dir, network, nodes, seconds, detach })
  if (detach) return
  await watchUntilInterrupted(context, dir)
  await stopAll(context, dir)
}

async function bringUp(context: Context, options: NetUpOptions) {
  const { dir, order } = options
  await using _lock = await takeLock(await lockPath(dir))
  const found = await findNetwork(dir)
  if (found) refuseChanges(found, options)
  const network = found ?? (await createNetwork(context, dir, order))
  const ids = network.nodes.map(({ id }) => id)
  const started = await startNodes(context, { dir, network, ids })
  return { network: started.network, isNew: found === null }
}

async function lockPath(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  return pathsOf(dir).lock
}

/** A chain stays what it was made as. @throws CodedError `WOULD_OVERWRITE` */
function refuseChanges(network: NetworkFile, { dir, order, given }: NetUpOptions): void {
  const validators = network.nodes.filter((node) => node.isGenesisValidator).length
  const { chain } = order
  const policy = chain.consensus === 'bft' ? chain.policy : null
  const wanted = [
    ['--validators', given.validators, order.validators, validators],
    ['--consensus', given.consensus, chain.consensus, network.consensus],
    ['--policy', given.policy, policy, network.policy],
  ] as const
  for (const [flag, isGiven, value, has] of wanted)
    if (isGiven && value !== has)
      throw cliError(
        'WOULD_OVERWRITE',
        `${dir} has a network of ${describeConsensus(network)} with ${validators} validators already, not with ${flag} ${value}`,
      )
}

interface Up {
  dir: string
  network: NetworkFile
  nodes: NodeReport[]
  seconds: number
  detach: boolean
}

function announce({ terminal }: Context, { dir, network, nodes, seconds, detach }: Up): void {
  const { consensus, chainId } = network
  const dim = (text: string) => terminal.style('dim', text)
  const how = describeConsensus(network)
  terminal.line(
    `${terminal.style('bold', countOf(nodes))} on chain ${chainId}, ${how}, ready in ${seconds.toFixed(1)} s`,
  )
  terminal.line()
  for (const line of nodeLines(nodes, consensus, terminal)) terminal.line(line)
  terminal.line()
  const at = atDir(dir)
  const provider = nodes.find(({ gateway }) => gateway !== null)
  terminal.line(dim('Try, in any terminal:'))
  if (provider) terminal.line(`  npx quoin demo --data-dir ${pathsOf(dir).nodeDir(provider.id)}`)
  terminal.line(`  npx quoin net status --watch${at}`)
  terminal.line(`  npx quoin net kill ${nodes.at(-1)?.id ?? 1}${at}`)
  terminal.line()
  terminal.line(
    detach
      ? `It runs on by itself; npx quoin net down${at} stops it.`
      : dim('Ctrl-C stops all of it; the next start goes on from here.'),
  )
}

/** Tells what happens to the nodes meanwhile; ends as well when all of them were stopped from elsewhere. */
async function watchUntilInterrupted({ terminal, signal }: Context, dir: string): Promise<void> {
  const before = new Map<number, number | null>()
  const at = atDir(dir)
  while (!signal.aborted) {
    const network = await findNetwork(dir)
    let isDown = true
    for (const { id } of network?.nodes ?? []) {
      const running = await readProcess(dir, id)
      const pid = running?.alive ? running.pid : null
      const last = before.get(id)
      before.set(id, pid)
      if (running) isDown = false
      if (last === undefined || last === pid) continue
      if (pid !== null) terminal.note(`Node ${id} runs again (process ${pid})`)
      else if (running)
        terminal.note(
          terminal.style(
            'yellow',
            `Node ${id} died (process ${last}): npx quoin net start ${id}${at}`,
          ),
        )
      else terminal.note(`Node ${id} was stopped`)
    }
    if (isDown) return
    await delay(500, undefined, { signal }).catch(() => {})
  }
}

export async function stopAll({ terminal }: Context, dir: string): Promise<number[]> {
  const network = await findNetwork(dir)
  const nodes = network?.nodes ?? []
  terminal.progress(`Stopping ${countOf(nodes)} …`)
  const stopped: number[] = []
  await Promise.all(
    nodes.map(async ({ id }) => {
      if (await stopProcess(dir, id)) stopped.push(id)
    }),
  )
  terminal.progress(null)
  const list = stopped.toSorted((a, b) => a - b)
  terminal.note(list.length === 0 ? 'Nothing was running' : `Stopped ${countOf(list)}`)
  return list
}
