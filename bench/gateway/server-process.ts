import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type ServerOrders, ServerReport } from './protocol.ts'

/** A server in a process of its own, whose CPU time can be read. */
export class ServerProcess implements AsyncDisposable {
  readonly paidUrl: string
  readonly freeUrl: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, urls: { paidUrl: string; freeUrl: string }) {
    this.#child = child
    this.paidUrl = urls.paidUrl
    this.freeUrl = urls.freeUrl
  }

  static async start(file: string, orders: ServerOrders): Promise<ServerProcess> {
    const child = fork(new URL(file, import.meta.url), [JSON.stringify(orders)])
    const ready = await nextReport(child)
    if (ready.kind !== 'ready') throw new Error(`${file} did not start`)
    return new ServerProcess(child, ready)
  }

  /** User and system time of the whole process, all threads, in ms. */
  async cpuMs(): Promise<number> {
    const reply = nextReport(this.#child)
    this.#child.send('cpu')
    const report = await reply
    if (report.kind !== 'cpu') throw new Error('unexpected report')
    return report.microseconds / 1000
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }
}

async function nextReport(child: ChildProcess): Promise<ServerReport> {
  const done = new AbortController()
  const { signal } = done
  const [message] = await Promise.race([
    once(child, 'message', { signal }),
    once(child, 'exit', { signal }).then(() => Promise.reject(new Error('The server ended'))),
  ])
  done.abort()
  return ServerReport.parse(message)
}
