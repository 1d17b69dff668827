import type { Execution } from '@quoin/execution'
import type { Logger } from '@quoin/kernel'
import { createRpcServer, type RpcServer } from '../server/rpc-server.ts'
import { engineMethods } from './engine-methods.ts'
import { tokenProblem } from './jwt.ts'

export interface EngineServerOptions {
  execution: Execution
  host: string
  port: number
  /** 32 bytes shared with the consensus client. */
  secret: Uint8Array
  clientVersion?: string
  logger?: Logger
}

const mebibyte = 1024 * 1024

/** Serves the Engine API over HTTP to a consensus client that holds the shared secret. */
export function createEngineServer(options: EngineServerOptions): Promise<RpcServer> {
  const { secret, ...rest } = options
  return createRpcServer({
    ...rest,
    origins: [],
    methods: engineMethods,
    limits: { bodyBytes: 128 * mebibyte },
    refusal: ({ headers }) => tokenProblem(headers.authorization, { secret, nowMs: Date.now() }),
  })
}
