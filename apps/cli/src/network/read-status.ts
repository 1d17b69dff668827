import type { Hex } from '@quoin/kernel'
import { NodeStatus } from '@quoin/node'
import { readEndpoints } from '../client/endpoints.ts'
import { type NetworkFile, type NetworkNode, pathsOf } from './layout.ts'
import { lastWords } from './node-log.ts'
import { readProcess } from './node-process.ts'

/**
 * running: it answers. starting: it runs and does not serve yet. silent: it runs, has served, and does not
 * answer. stopped: it was asked to end. dead: it ended otherwise.
 */
export type NodeState = 'running' | 'starting' | 'silent' | 'stopped' | 'dead'

export interface NodeReport {
  id: number
  pid: number | null
  state: NodeState
  height: number | null
  round: number | null
  step: string | null
  peers: number | null
  /** Of a node that mines. */
  hashesPerSecond: number | null
  /** Median round trip to its peers. */
  latencyMs: number | null
  rpc: string
  monitor: string
  gateway: string | null
  p2p: string
  peerId: string
  /** Of its key, whether or not that validates now. */
  validator: Hex
  isGenesisValidator: boolean
  /** Why it decides nothing more. */
  failure: string | null
  /** Of a dead node: its error, or the last line that it logged. */
  lastWords: string | null
}

export function readReports(
  dir: string,
  network: NetworkFile,
  signal: AbortSignal,
): Promise<NodeReport[]> {
  return Promise.all(network.nodes.map((node) => readReport(dir, node, signal)))
}

async function readReport(
  dir: string,
  node: NetworkNode,
  signal: AbortSignal,
): Promise<NodeReport> {
  const { id, ports, peerId, validator, isGenesisValidator } = node
  const url = (port: number) => `http://127.0.0.1:${port}`
  const process = await readProcess(dir, id)
  const status = process?.alive ? await askNode(url(ports.monitor), signal) : null
  const hasServed =
    process?.alive && (await readEndpoints(pathsOf(dir).nodeDir(id)))?.pid === process.pid
  const alive: NodeState = !hasServed ? 'starting' : status ? 'running' : 'silent'
  return {
    id,
    pid: process?.alive ? process.pid : null,
    state: process?.alive ? alive : process ? 'dead' : 'stopped',
    height: status?.height ?? null,
    round: status && !status.work ? status.round : null,
    step: status?.step ?? null,
    peers: status?.peers.length ?? null,
    hashesPerSecond: status?.work?.mining?.hashesPerSecond ?? null,
    latencyMs: median(status?.peers.flatMap(({ latencyMs }) => latencyMs ?? []) ?? []),
    rpc: url(ports.rpc),
    monitor: url(ports.monitor),
    gateway: ports.gateway === null ? null : url(ports.gateway),
    p2p: `/ip4/127.0.0.1/tcp/${ports.p2p}/p2p/${peerId}`,
    peerId,
    validator,
    isGenesisValidator,
    failure: status?.failure ?? null,
    lastWords: process && !process.alive ? await lastWords(pathsOf(dir).nodeLog(id)) : null,
  }
}

/** Null when it does not answer, or not as this version does. */
export async function askNode(monitor: string, signal: AbortSignal): Promise<NodeStatus | null> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2000)])
    const response = await fetch(`${monitor}/status`, { signal: limit })
    return NodeStatus.parse(await response.json())
  } catch {
    signal.throwIfAborted()
    return null
  }
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
