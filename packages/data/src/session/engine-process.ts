import { type ChildProcess, fork } from 'node:child_process'
import { CodedError } from '@quoin/kernel'
import { type Call, replySchema } from '../child/calls.ts'
import type { DataErrorCode } from '../errors.ts'

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/**
 * Calls to the engine's process, one at a time. What takes longer than it may ends the process, and
 * with it the session.
 */
export class EngineProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #failure: Error | null = null

  constructor() {
    const main = new URL('../child/main.ts', import.meta.url)
    this.#child = fork(main, {
      serialization: 'advanced',
      env: { TZ: 'UTC' },
      execArgv: ['--max-old-space-size=256'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('message', (message) => this.#receive(message))
    this.#child.on('error', (cause) => this.#end(failed('The query process does not start', cause)))
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code, killedBy) => {
        this.#end(
          failed(
            `The query process ended (${killedBy ?? code}). It may have needed more memory than there is`,
          ),
        )
        resolve()
      })
    })
  }

  /** @throws CodedError what the engine throws, `LIMIT_EXCEEDED`, `ENGINE_FAILED` */
  async call(
    call: Call,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<unknown> {
    if (this.#failure) throw this.#failure
    options.signal?.throwIfAborted()
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject })
    const onAbort = () => this.#end(abortReason(options.signal))
    const timer = setTimeout(() => this.#end(tooSlow(options.timeoutMs)), options.timeoutMs)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    try {
      this.#child.send({ id, call })
      return await promise
    } finally {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(failed('The session is closed'))
    await this.#exited
  }

  #receive(message: unknown): void {
    const reply = replySchema.parse(message)
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new CodedError(reply.error.code, reply.error.message))
    else waiting?.resolve(reply.result)
  }

  #end(failure: Error): void {
    this.#failure ??= failure
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
    this.#child.kill('SIGKILL')
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : failed('The query was stopped')
}

function failed(message: string, cause?: unknown): Error {
  return new CodedError<DataErrorCode>('ENGINE_FAILED', message, { cause })
}

function tooSlow(timeoutMs: number): Error {
  return new CodedError<DataErrorCode>(
    'LIMIT_EXCEEDED',
    `The query took longer than ${timeoutMs / 1000} s. Ask for less, or raise the limit of time`,
  )
}
