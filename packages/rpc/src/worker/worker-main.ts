import { parentPort, workerData } from 'node:worker_threads'
import { openExecution } from '@quoin/execution'
import { Scope } from '@quoin/kernel'
import { createEngineServer } from '../engine-server/engine-server.ts'
import { methodTable } from '../methods/table.ts'
import { createRpcServer } from '../server/rpc-server.ts'
import type { WorkerSettings } from './execution-worker.ts'
import { serveLayer } from './layer-server.ts'
import { errorToMessage, type FromWorker, type ToWorker } from './messages.ts'
import { OwnerMethodsClient } from './owner-methods.ts'
import { createPortLogger } from './port-logger.ts'
import { createTransactionIntake } from './transaction-intake.ts'

/** The worker's whole life: open, serve, close when told. Its owner is execution-worker.ts. */
const port = parentPort
if (!port) throw new Error('worker-main.ts runs only as a worker of openExecutionWorker')
const settings: WorkerSettings = workerData
const scope = new Scope()
const owner = new OwnerMethodsClient(settings.ownerMethods ?? [], post)

function post(message: FromWorker): void {
  port?.postMessage(message)
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'close') void end(null)
  if (message.type === 'answer' || message.type === 'refusal') owner.receive(message)
})

/** Closes what is open, tells of a failure, and lets the thread end by itself. */
async function end(failure: unknown): Promise<void> {
  let problem = failure
  try {
    await scope[Symbol.asyncDispose]()
  } catch (error) {
    problem ??= error
  }
  if (problem !== null) post({ type: 'failed', error: errorToMessage(problem) })
  port?.close()
}

try {
  const logger = createPortLogger(port)
  const execution = scope.own(
    await openExecution({ ...settings.execution, logger: logger.child({ module: 'execution' }) }),
  )
  const intake = createTransactionIntake(execution.pool, (raws) =>
    post({ type: 'transactions', raws }),
  )
  const rpc = scope.own(
    await createRpcServer({
      ...settings.rpc,
      execution: { ...execution, pool: intake.pool },
      methods: { ...owner.table, ...methodTable },
      logger: logger.child({ module: 'rpc' }),
    }),
  )
  const engine = settings.engine
    ? scope.own(
        await createEngineServer({
          ...settings.engine,
          execution,
          logger: logger.child({ module: 'engine' }),
        }),
      )
    : null
  serveLayer(port, { execution, rpc, intake })
  post({
    type: 'ready',
    rpcUrl: rpc.url,
    rpcWebSocketUrl: rpc.webSocketUrl,
    engineUrl: engine?.url ?? null,
  })
} catch (error) {
  await end(error)
}
