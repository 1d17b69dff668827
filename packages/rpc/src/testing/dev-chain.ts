import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Execution, openExecution } from '@quoin/execution'
import { Scope } from '@quoin/kernel'
import { createRpcServer, type RpcServer, type RpcServerOptions } from '../server/rpc-server.ts'
import { executionHead } from '../worker/layer-server.ts'
import { type BlockDriver, createBlockDriver } from './block-driver.ts'
import { testGenesis } from './genesis.ts'

/** A whole chain in this process, with its RPC, whose blocks a test makes. */
export interface DevChain extends AsyncDisposable {
  readonly execution: Execution
  readonly rpc: RpcServer
  readonly url: string
  readonly mine: BlockDriver['mine']
  /**
   * From now on every transaction gets into a block at once. With a heartbeat empty blocks come as
   * well: a client that asks for the block number a moment too late waits for the next block.
   */
  autoMine(options?: { heartbeatMs: number }): void
  /** Sends one request over HTTP: the whole response object. */
  request(method: string, params?: unknown[]): Promise<{ result?: unknown; error?: unknown }>
}

export async function openDevChain(
  options: Partial<Omit<RpcServerOptions, 'execution'>> = {},
): Promise<DevChain> {
  const scope = new Scope()
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-rpc-'))
  scope.defer(() => rm(dataDir, { recursive: true, force: true }))
  const execution = scope.own(await openExecution({ dataDir, genesis: await testGenesis() }))
  const rpc = scope.own(
    await createRpcServer({ host: '127.0.0.1', port: 0, ...options, execution }),
  )
  const driver = scope.own(
    createBlockDriver(execution.engine, async () => executionHead(execution)),
  )
  return {
    execution,
    rpc,
    url: rpc.url,
    mine: driver.mine,
    autoMine(options) {
      let isWaiting = false
      const mineSoon = () => {
        if (isWaiting) return
        isWaiting = true
        setImmediate(() => {
          isWaiting = false
          driver.mine().catch(() => {})
        })
      }
      scope.defer(execution.pool.onPending(mineSoon))
      if (!options) return
      const heartbeat = setInterval(mineSoon, options.heartbeatMs)
      scope.defer(() => clearInterval(heartbeat))
    },
    async request(method, params = []) {
      const response = await fetch(rpc.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      return response.json() as Promise<{ result?: unknown; error?: unknown }>
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}
