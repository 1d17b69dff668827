import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Place } from './lab.ts'

const main = new URL('./node-main.ts', import.meta.url).pathname

/** A validator's process in its namespace, to be killed, stopped and started again. */
export class NamespacedNode implements AsyncDisposable {
  readonly #place: Place
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #errors = ''

  constructor(place: Place, args: readonly (string | number)[]) {
    this.#place = place
    this.#args = args.map(String)
  }

  get rpcUrl(): string {
    return `http://${this.#place.rpcIp}:8545`
  }

  async start(): Promise<void> {
    const { namespace } = this.#place
    // ip becomes the node: signals to it reach the node itself.
    const command = ['netns', 'exec', namespace, process.execPath, main, ...this.#args]
    const child = spawn('ip', command, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child = child
    child.stderr?.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4_000)
    })
    const died = once(child, 'exit').then(() => {
      throw new Error(`The node in ${namespace} ended at its start: ${this.#errors}`)
    })
    await Promise.race([once(child, 'message'), died])
    died.catch(() => undefined)
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
