import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** A `sync-node.ts` process. */
export class SyncProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  url = ''
  addresses: string[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    if (!child.stdout) throw new Error('Its output is a pipe')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(args: readonly (string | number)[]): Promise<SyncProcess> {
    const program = join(import.meta.dirname, 'sync-node.ts')
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const node = new SyncProcess(child)
    Object.assign(node, await node.#answer())
    return node
  }

  async #answer() {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('A node ended before it answered')
    return JSON.parse(value)
  }

  /** Its execution's height, and the pieces of state that others brought it. */
  async ask(): Promise<{ height: number; parts: number }> {
    this.#child.stdin?.write('\n')
    return this.#answer()
  }

  async untilHeight(height: number, pollMs = 20): Promise<{ parts: number }> {
    for (;;) {
      const now = await this.ask()
      if (now.height >= height) return now
      await delay(pollMs)
    }
  }

  /** User and system time so far, in milliseconds; the largest memory in MB. */
  usage(): { cpuMs: number; peakMb: number } {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    const peak = /VmHWM:\s*(\d+)/.exec(status)?.[1]
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, peakMb: Number(peak) / 1024 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}
