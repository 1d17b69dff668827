/**
 * Ethereum's JSON-RPC on an execution, over HTTP and WebSocket on one port, and the worker thread
 * that hosts an execution with its server, so that consensus and the rest of a node keep their own
 * thread. Node only.
 */

export { createEngineServer, type EngineServerOptions } from './engine-server/engine-server.ts'
export type { AllowedOrigins } from './server/cors.ts'
export { defaultRpcLimits, type RpcLimits } from './server/limits.ts'
export {
  createRpcServer,
  type RpcServer,
  type RpcServerErrorCode,
  type RpcServerOptions,
  type RpcServerStatus,
} from './server/rpc-server.ts'
export {
  type ExecutionWorker,
  type ExecutionWorkerOptions,
  openExecutionWorker,
} from './worker/execution-worker.ts'
export type { ExecutionWorkerStatus } from './worker/messages.ts'
export type { OwnerMethod, OwnerMethods } from './worker/owner-methods.ts'
export type { IntakeCounts } from './worker/transaction-intake.ts'
export type { ExecutionWorkerErrorCode } from './worker/worker-link.ts'
