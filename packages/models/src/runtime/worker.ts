/** The thread that runs one model: opens it, warms it up, says so, then works off calls. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { CodedError } from '@quoin/kernel'
import { architectures } from '../core/architectures.ts'
import type { Engine } from '../core/engine.ts'
import { modelError } from '../core/errors.ts'
import { openBackend } from './open-backend.ts'
import type {
  FromWorker,
  ToWorker,
  Work,
  WorkerError,
  WorkerSetup,
  WorkResult,
} from './protocol.ts'

if (parentPort === null) throw new Error('worker.ts runs in a worker thread only')
const port = parentPort
const { runtime, architecture, files, warmUpMs }: WorkerSetup = workerData

const engine = await architectures[architecture].open(await openBackend(runtime), files)
await warmUp(engine, warmUpMs)

const running = new Map<number, AbortController>()
const performing = new Set<Promise<void>>()
port.on('message', (message: ToWorker) => {
  if (message.type === 'work') start(message.id, message.work)
  else if (message.type === 'cancel') running.get(message.id)?.abort()
  else void close()
})
send({ type: 'ready' })

function start(id: number, work: Work): void {
  const performance = perform(id, work).finally(() => performing.delete(performance))
  performing.add(performance)
}

/** Texts end early, other runs to their end: stopping a thread inside native code ends the process. */
async function close(): Promise<void> {
  for (const controller of running.values()) controller.abort()
  await Promise.all(performing)
  await engine[Symbol.asyncDispose]()
  port.close()
}

async function perform(id: number, work: Work): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const result = await execute(work, controller.signal, (chunk) =>
      send({ type: 'chunk', id, chunk }),
    )
    send({ type: 'done', id, result })
  } catch (error) {
    send({ type: 'failed', id, error: toWorkerError(error) })
  } finally {
    running.delete(id)
  }
}

type OnChunk = (chunk: (FromWorker & { type: 'chunk' })['chunk']) => void

async function execute(work: Work, signal: AbortSignal, onChunk: OnChunk): Promise<WorkResult> {
  switch (work.kind) {
    case 'infer':
      return { kind: 'infer', outputs: await engine.infer(work.inputs) }
    case 'embed':
      if (!engine.embed) throw modelError('INPUT_INVALID', 'This model makes no embeddings')
      return { kind: 'embed', embeddings: await engine.embed(work.texts) }
    case 'generate':
      if (!engine.generate) throw modelError('INPUT_INVALID', 'This model makes no text')
      for await (const chunk of engine.generate(work.request, signal)) {
        onChunk(chunk)
        // Let cancellations in, and other texts that are being made in turns.
        await nextTurn()
      }
      return { kind: 'generate' }
  }
}

async function warmUp({ exercise }: Engine, durationMs: number): Promise<void> {
  const end = performance.now() + durationMs
  do await exercise()
  while (performance.now() < end)
}

function send(message: FromWorker): void {
  port.postMessage(message)
}

function toWorkerError(error: unknown): WorkerError {
  if (error instanceof CodedError)
    return { code: error.code, message: error.message, detail: error.detail }
  return { code: undefined, message: String(error), detail: {} }
}
