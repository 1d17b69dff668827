import type { MessagePort } from 'node:worker_threads'
import type { ExecutionHead, ReadCall, ReadOutcome } from '@quoin/engine'
import type { Execution } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import type { RpcServer } from '../server/rpc-server.ts'
import { type Call, errorToMessage, type FromWorker, type ToWorker } from './messages.ts'
import type { TransactionIntake } from './transaction-intake.ts'

/** Answers the owner's calls inside the worker. */
export function serveLayer(
  port: MessagePort,
  { execution, rpc, intake }: { execution: Execution; rpc: RpcServer; intake: TransactionIntake },
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
      case 'call':
        return readCall(execution, ...call.args)
      case 'answer':
        return rpc.answer(...call.args)
      case 'addTransactions':
        return intake.addFromPeers(...call.args)
      case 'pooledTransactions':
        return intake.pooled(...call.args)
      case 'stateParts':
        return execution.stateParts(...call.args)
      case 'prune':
        return execution.prune({ ...call.args[0], signal })
      case 'status':
        return { head: executionHead(execution), pool: pool.status(), rpc: rpc.status() }
    }
  }
}

/** Not bounded by what this node allows its own clients: all nodes must come to the same answer. */
const readGas = 50_000_000n
const zeroAddress: Hex = `0x${'0'.repeat(40)}`

async function readCall(
  execution: Execution,
  { to, data, blockHash }: ReadCall,
): Promise<ReadOutcome> {
  const request = { from: zeroAddress, to, input: data, gas: readGas }
  const { failure, returnData } = await execution.call(request, { blockHash })
  return { isSuccess: failure === null, data: returnData }
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
