import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { createGenesis, validatorOf } from '@quoin/chain'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { createAccounts } from './signed-transactions.ts'

export interface NetworkSetup {
  size: number
  chainId: number
  blockTimeMs: number
  heartbeatMs: number
  rich: readonly Hex[]
}

export interface NodeProcess {
  url: string
  child: ChildProcess
  addresses: string[]
  /** User and system time so far of the process and its threads, in milliseconds. */
  cpuMs(): number
  ask(): Promise<{ height: number; latenciesMs: (number | null)[] }>
}

export interface ProcessNetwork extends AsyncDisposable {
  nodes: NodeProcess[]
}

/** As many validators of equal power, each in a process of its own, that all see each other. */
export async function startNetwork(setup: NetworkSetup): Promise<ProcessNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-consensus-'))
  const keys = createAccounts(setup.size, 'validator').map(({ key }) => key)
  const genesisFile = join(folder, 'genesis.json')
  const balance = `0x${(10n ** 22n).toString(16)}`
  const genesis = createGenesis({
    chainId: setup.chainId,
    timestamp: Math.floor(Date.now() / 1000) - 1,
    validators: keys.map((key) => validatorOf(key)),
    alloc: Object.fromEntries(setup.rich.map((address) => [address, { balance }])),
    blockTimeMs: setup.blockTimeMs,
    heartbeatMs: setup.heartbeatMs,
  })
  await writeFile(genesisFile, JSON.stringify(genesis))
  const nodes: NodeProcess[] = []
  for (const [index, key] of keys.entries())
    nodes.push(
      await startNode([
        join(folder, `node-${index}`),
        genesisFile,
        bytesToHex(key),
        bytesToHex(new Uint8Array(32).fill(0x21 + index)),
        ...nodes.flatMap(({ addresses }) => addresses),
      ]),
    )
  await untilConnected(nodes)
  return {
    nodes,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map(({ child }) => stop(child)))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startNode(args: readonly string[]): Promise<NodeProcess> {
  const program = join(import.meta.dirname, 'network-node.ts')
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { stdout, stdin, pid } = child
  if (!stdout || !stdin || pid === undefined) throw new Error('The node did not start')
  const lines = createInterface({ input: stdout })
  const { url, addresses } = JSON.parse(await nextLine(lines))
  return {
    url,
    addresses,
    child,
    cpuMs: () => cpuMsOf(pid),
    async ask() {
      const answer = nextLine(lines)
      stdin.write('\n')
      return JSON.parse(await answer)
    },
  }
}

function nextLine(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error('A node ended before it answered'))
    lines.once('close', fail)
    lines.once('line', (line) => {
      lines.off('close', fail)
      resolve(line)
    })
  })
}

async function untilConnected(nodes: readonly NodeProcess[]): Promise<void> {
  for (const node of nodes)
    while (true) {
      const { latenciesMs } = await node.ask()
      const isWhole = latenciesMs.length >= Math.min(16, nodes.length - 1)
      if (isWhole && latenciesMs.every((latency) => latency !== null)) break
      await delay(100)
    }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
