import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readEndpoints } from '../client/endpoints.ts'
import { cliError } from '../exit-codes.ts'
import { type NetworkFile, type NetworkNode, pathsOf, toText, writeWhole } from './layout.ts'
import { lastWords } from './node-log.ts'
import { identify, isAlive, ProcessIdentity } from './process-identity.ts'

const launcher = fileURLToPath(new URL('../../../../bin/quoin.mjs', import.meta.url))
const pollMs = 100
const largestLogBytes = 32 * 1024 * 1024

type Environment = Readonly<Record<string, string | undefined>>

/** The process of a node as it was started last, and whether it still runs; null when it was stopped. */
export async function readProcess(
  dir: string,
  id: number,
): Promise<(ProcessIdentity & { alive: boolean }) | null> {
  try {
    const text = await readFile(pathsOf(dir).nodeProcess(id), 'utf8')
    const identity = ProcessIdentity.parse(JSON.parse(text))
    return { ...identity, alive: isAlive(identity) }
  } catch {
    return null
  }
}

/**
 * Starts a node in a session of its own, so that neither this terminal's Ctrl-C nor its closing ends it; what
 * it logs goes to its file.
 */
export async function spawnNode(
  dir: string,
  network: NetworkFile,
  node: NetworkNode,
  env: Environment,
): Promise<ProcessIdentity> {
  const paths = pathsOf(dir)
  await using log = await openLog(paths.nodeLog(node.id))
  const child = spawn(process.execPath, [launcher, ...argumentsOf(dir, network, node)], {
    detached: true,
    stdio: ['ignore', 'ignore', log.fd],
    env: environmentOf(env),
  })
  await once(child, 'spawn')
  child.unref()
  const identity = child.pid === undefined ? null : identify(child.pid)
  if (!identity) throw cliError('NODE_FAILED', `Node ${node.id} ended at once: ${launcher}`)
  await writeWhole(paths.nodeProcess(node.id), toText(identity))
  return identity
}

function argumentsOf(dir: string, network: NetworkFile, node: NetworkNode): string[] {
  const paths = pathsOf(dir)
  const { rpc, monitor, p2p, gateway } = node.ports
  const others = network.nodes
    .filter(({ id }) => id !== node.id)
    .map(({ ports, peerId }) => `/ip4/127.0.0.1/tcp/${ports.p2p}/p2p/${peerId}`)
  return [
    ...['up', '--log-level', 'info', '--host', '127.0.0.1'],
    ...['--data-dir', paths.nodeDir(node.id), '--genesis', paths.genesis],
    ...['--services', node.services, '--rpc-port', `${rpc}`, '--monitor-port', `${monitor}`],
    ...(gateway === null ? [] : ['--gateway-port', `${gateway}`]),
    ...['--listen', `/ip4/127.0.0.1/tcp/${p2p}`],
    ...(others.length === 0 ? [] : ['--bootstrap', ...others]),
    ...(node.mine > 0 ? ['--mine', `${node.mine}`] : []),
  ]
}

/** Settings of this command's environment are not the nodes'; the password of their keys is. */
function environmentOf(env: Environment): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('QUOIN_') || name === 'QUOIN_NODE_PASSWORD',
  )
  return Object.fromEntries(kept)
}

/** One file before this one is kept when it has grown large. */
async function openLog(path: string) {
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  if (sizeBytes > largestLogBytes) await rename(path, `${path}.1`)
  return open(path, 'a', 0o600)
}

/**
 * Resolves once the node serves.
 * @throws CodedError `NODE_FAILED` with what its log says last, when its process ends before
 */
export async function waitUntilReady(
  dir: string,
  id: number,
  options: { identity: ProcessIdentity; signal: AbortSignal },
): Promise<void> {
  const { identity, signal } = options
  const paths = pathsOf(dir)
  for (;;) {
    const endpoints = await readEndpoints(paths.nodeDir(id))
    if (endpoints?.pid === identity.pid) return
    if (!isAlive(identity)) {
      const log = paths.nodeLog(id)
      await rm(paths.nodeProcess(id), { force: true })
      throw cliError('NODE_FAILED', `Node ${id} did not start: ${await lastWords(log)} (${log})`)
    }
    await delay(pollMs, undefined, { signal })
  }
}

/** Asks the node to end, and waits; one that does not within the time is killed. False when none ran. */
export async function stopProcess(
  dir: string,
  id: number,
  { limitMs = 30_000 }: { limitMs?: number } = {},
): Promise<boolean> {
  const running = await readProcess(dir, id)
  const forget = () => rm(pathsOf(dir).nodeProcess(id), { force: true })
  if (!running?.alive) {
    await forget()
    return false
  }
  // One that is paused (SIGSTOP) takes its signal only when it goes on.
  signalProcess(running, 'SIGTERM')
  signalProcess(running, 'SIGCONT')
  if (!(await waitForEnd(running, limitMs))) {
    signalProcess(running, 'SIGKILL')
    await waitForEnd(running, 10_000)
  }
  await forget()
  return true
}

/** kill -9: what a power cut does to the process. False when none ran. */
export async function killProcess(dir: string, id: number): Promise<boolean> {
  const running = await readProcess(dir, id)
  if (!running?.alive) return false
  signalProcess(running, 'SIGKILL')
  await waitForEnd(running, 10_000)
  return true
}

function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(identity.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function waitForEnd(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (isAlive(identity)) {
    if (performance.now() > until) return false
    await delay(pollMs / 2)
  }
  return true
}
