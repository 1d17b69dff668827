import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface NodeProcessOptions {
  /** The module that is a node's process. */
  readonly main: URL
  readonly index: number
  readonly validators: number
  readonly dataDir: string
  /** Multiaddrs of the others. */
  readonly bootstrap: readonly string[]
  /** Where its network listens, each time it has started. */
  readonly onPort: (port: number) => void
}

/** A validator in a process of its own that can be killed, stopped and started again. */
export class NodeProcess implements AsyncDisposable {
  readonly #options: NodeProcessOptions
  #child: ChildProcess | undefined
  #rpcPort = 0
  #errors = ''

  constructor(options: NodeProcessOptions) {
    this.#options = options
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.#rpcPort}`
  }

  async start(): Promise<void> {
    const { main, index, validators, dataDir, bootstrap, onPort } = this.#options
    const args = [index, validators, dataDir, this.#rpcPort, ...bootstrap].map(String)
    const child = fork(main, args, { silent: true })
    this.#child = child
    child.stderr?.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4_000)
    })
    const ready = once(child, 'message')
    const died = once(child, 'exit').then(() => {
      throw new Error(`Node ${index} ended at its start: ${this.#errors}`)
    })
    const [message] = await Promise.race([ready, died])
    died.catch(() => undefined)
    this.#rpcPort = Number(new URL(message.rpcUrl).port)
    onPort(message.port)
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  stop(): void {
    this.#child?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child?.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
