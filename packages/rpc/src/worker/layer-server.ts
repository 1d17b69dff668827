import type { MessagePort } from 'node:worker_threads'
import type { ExecutionHead } from '@quoin/engine'
import type { Execution } from '@quoin/execution'
import { bigintToHex } from '@quoin/kernel'
import type { RpcServer } from '../server/rpc-server.ts'
import { type Call, errorToMessage, type FromWorker, type ToWorker } from './messages.ts'

/** Answers the owner's calls inside the worker. */
export function serveLayer(
  port: MessagePort,
  { execution, rpc }: { execution: Execution; rpc: RpcServer },
): void {
  const waits = new Map<number, AbortController>()
  port.on('message', (message: ToWorker) => {
    if (message.type === 'cancel') waits.get(message.id)?.abort()
    if (message.type !== 'call') return
    const { id } = message
    const abort = new AbortController()
    waits.set(id, abort)
    run(message.call, abort.signal)
      .then(
        (value) => post({ type: 'result', id, value }),
        (error) => post({ type: 'error', id, error: errorToMessage(error) }),
      )
      .finally(() => waits.delete(id))
  })

  function post(message: FromWorker): void {
    port.postMessage(message)
  }

  async function run(call: Call, signal: AbortSignal): Promise<unknown> {
    const { engine, pool } = execution
    switch (call.name) {
      case 'forkchoiceUpdated':
        return engine.forkchoiceUpdated(...call.args)
      case 'getPayload':
        return engine.getPayload(...call.args)
      case 'newPayload':
        return engine.newPayload(...call.args)
      case 'head':
        return executionHead(execution)
      case 'pendingTransactions':
        return execution.pendingTransactions({ signal })
      case 'status':
        return { head: executionHead(execution), pool: pool.status(), rpc: rpc.status() }
    }
  }
}

/** The head as the Engine API's side of the seam describes it. */
export function executionHead({ blocks: { head, genesis } }: Execution): ExecutionHead {
  return {
    hash: head.hash,
    number: bigintToHex(head.number),
    timestamp: bigintToHex(head.timestamp),
    genesisHash: genesis.hash,
  }
}
