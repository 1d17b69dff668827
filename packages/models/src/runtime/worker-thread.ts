import { Worker } from 'node:worker_threads'
import { isModelErrorCode, modelError } from '../core/errors.ts'
import type { GenerateChunk } from '../interface.ts'
import type {
  FromWorker,
  ToWorker,
  Work,
  WorkerError,
  WorkerSetup,
  WorkResult,
} from './protocol.ts'

/** Far longer than any single run; what is still busy then has hung. */
const closeTimeoutMs = 20_000

interface Call {
  resolve(result: WorkResult): void
  reject(error: Error): void
  onChunk: ((chunk: GenerateChunk) => void) | undefined
}

export interface WorkerThreadEvents {
  onReady(): void
  /** After the calls that it had have failed. */
  onExit(error: Error | undefined): void
}

/** One worker and the calls that it is working on. */
export class WorkerThread implements AsyncDisposable {
  readonly #worker: Worker
  readonly #calls = new Map<number, Call>()
  readonly #exited: Promise<void>
  #nextId = 0
  #failure: Error | undefined
  ready = false

  constructor(setup: WorkerSetup, events: WorkerThreadEvents) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup })
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') {
        this.ready = true
        events.onReady()
      } else this.#receive(message)
    })
    this.#worker.on('error', (error: Error) => {
      this.#failure = error
    })
    const exited = Promise.withResolvers<void>()
    this.#exited = exited.promise
    this.#worker.on('exit', () => {
      this.ready = false
      this.#failCalls()
      exited.resolve()
      events.onExit(this.#failure)
    })
  }

  get load(): number {
    return this.#calls.size
  }

  /** The returned `cancel` asks the worker to stop; the call still settles when it has. */
  start(work: Work, onChunk?: (chunk: GenerateChunk) => void) {
    const id = this.#nextId++
    const { promise: result, resolve, reject } = Promise.withResolvers<WorkResult>()
    this.#calls.set(id, { resolve, reject, onChunk })
    this.#post({ type: 'work', id, work })
    return { result, cancel: () => this.#post({ type: 'cancel', id }) }
  }

  /** Ends the thread at once, as a crash would; not for threads that run native code. */
  async kill(): Promise<void> {
    await this.#worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#post({ type: 'close' })
    const timer = setTimeout(() => void this.#worker.terminate(), closeTimeoutMs)
    await this.#exited
    clearTimeout(timer)
  }

  #receive(message: Exclude<FromWorker, { type: 'ready' }>): void {
    const call = this.#calls.get(message.id)
    if (message.type === 'chunk') {
      call?.onChunk?.(message.chunk)
      return
    }
    this.#calls.delete(message.id)
    if (message.type === 'done') call?.resolve(message.result)
    else call?.reject(fromWorkerError(message.error))
  }

  #failCalls(): void {
    const error = modelError(
      'MODEL_FAILED',
      'The worker that ran this call stopped before its end: try again',
      { cause: this.#failure },
    )
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

function fromWorkerError({ code, message, detail }: WorkerError): Error {
  if (code !== undefined && isModelErrorCode(code)) return modelError(code, message, { detail })
  return modelError('MODEL_FAILED', `The model failed: ${message}`)
}
