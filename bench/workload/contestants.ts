import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Hex } from '@quoin/kernel'
import { callRpc } from './rpc-load.ts'

/** A node under test in its own process. */
export interface Contestant extends AsyncDisposable {
  name: string
  url: string
  /** User and system time so far, in milliseconds, of the process and its threads. */
  cpuMs(): number
}

interface Setup {
  folder: string
  genesisFile: string
  blockTimeMs: number
}

export async function startQuoin(setup: Setup, validatorKey: Hex): Promise<Contestant> {
  const program = join(import.meta.dirname, 'chain-node.ts')
  const dataDir = join(setup.folder, 'quoin')
  const child = spawn(
    process.execPath,
    [program, dataDir, setup.genesisFile, validatorKey, String(setup.blockTimeMs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const line = await firstLine(child)
  const { url } = JSON.parse(line) as { url: string }
  return contestant('quoin', url, child)
}

export async function startAnvil(setup: Setup, chainId: number): Promise<Contestant> {
  const port = await freePort()
  const require = createRequire(import.meta.url)
  const platform = `@foundry-rs/anvil-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`
  const binary = join(require.resolve(`${platform}/package.json`), '../bin/anvil')
  const arguments_ = [
    ['--init', setup.genesisFile],
    ['--block-time', String(setup.blockTimeMs / 1000)],
    ['--chain-id', String(chainId)],
    ['--port', String(port)],
    ['--gas-limit', '60000000'],
    ['--hardfork', 'prague'],
    ['--silent'],
  ].flat()
  const child = spawn(binary, arguments_, { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  await untilAnswering(url)
  return contestant('anvil', url, child)
}

function contestant(name: string, url: string, child: ChildProcess): Contestant {
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} did not start`)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    name,
    url,
    cpuMs: () => cpuMsOf(pid),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The output is piped')
  const lines = createInterface({ input: stdout })
  return new Promise((resolve, reject) => {
    lines.once('line', resolve)
    lines.once('close', () => reject(new Error('The node ended before it was ready')))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise<void>((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port')
  return address.port
}

async function untilAnswering(url: string): Promise<void> {
  const deadlineMs = Date.now() + 20_000
  for (;;) {
    try {
      await callRpc(url, 'eth_chainId', [])
      return
    } catch (cause) {
      if (Date.now() > deadlineMs) throw new Error(`${url} does not answer`, { cause })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
