import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { genesisAlloc } from '@quoin/contracts'
import { mnemonicToAccount } from 'viem/accounts'

/** Of the chain that `startAnvil` starts. */
export const anvilChainId = 31402

/** Account `index` of the public development mnemonic; the first 20 hold coins and Credits. */
export function devAccount(index: number) {
  return mnemonicToAccount('test test test test test test test test test test test junk', {
    addressIndex: index,
  })
}

export interface AnvilChain extends AsyncDisposable {
  readonly rpcUrl: string
  readonly webSocketUrl: string
  /** Kills the node; `start` brings it back on the same port, with the state it had. */
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * A node that we did not write (Foundry's anvil) with our contracts at genesis, on a free port. Without
 * `blockTimeSeconds` each transaction gets a block at once.
 */
export async function startAnvil(options: { blockTimeSeconds?: number } = {}): Promise<AnvilChain> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-anvil-'))
  const genesisFile = join(folder, 'genesis.json')
  await writeFile(genesisFile, JSON.stringify(genesis()))
  let child: ChildProcess | null = null
  let port = 0
  let state: string | null = null

  /** Right after a kill the port may still be held for a moment, so a restart tries again. */
  async function start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOnce()
      } catch (error) {
        if (attempt === 20) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  async function startOnce(): Promise<void> {
    const args = ['--port', `${port}`, '--chain-id', `${anvilChainId}`, '--hardfork', 'prague']
    if (options.blockTimeSeconds) args.push('--block-time', `${options.blockTimeSeconds}`)
    child = spawn(anvilBinary(), [...args, '--init', genesisFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own: the command is a wrapper round the real program, and both must end.
      detached: true,
    })
    port = await listeningPort(child)
    if (state) await request('anvil_loadState', state)
  }

  async function stop(): Promise<void> {
    if (!child || child.exitCode !== null) return
    state = await request('anvil_dumpState')
    const exited = once(child, 'exit')
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
    await exited
    child = null
  }

  async function request(method: string, ...params: unknown[]): Promise<string> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body })
    const { result } = await response.json()
    return result
  }

  await start()
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    webSocketUrl: `ws://127.0.0.1:${port}`,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function anvilBinary(): string {
  const manifest = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  return join(manifest, '..', '..', '..', '.bin', 'anvil')
}

async function listeningPort(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('anvil has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /Listening on .*:(\d+)/.exec(line)?.[1]
    if (!port) continue
    child.stdout.resume()
    return Number(port)
  }
  throw new Error('anvil ended before it listened')
}

function genesis() {
  const accounts = Array.from({ length: 20 }, (_, index) => devAccount(index).address)
  const alloc = genesisAlloc({
    creditOwner: devAccount(0).address,
    credits: accounts.map((address) => ({ address, amount: 1_000_000_000_000n })),
    balances: accounts.map((address) => ({ address, wei: 10n ** 22n })),
  })
  const gasLimit = '0x3938700'
  return {
    config: { chainId: anvilChainId },
    nonce: '0x0',
    timestamp: `0x${Math.floor(Date.now() / 1000 - 10).toString(16)}`,
    gasLimit,
    difficulty: '0x0',
    baseFeePerGas: '0x3b9aca00',
    alloc,
  }
}
