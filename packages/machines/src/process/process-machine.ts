import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chown } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@quoin/kernel'
import type { MachineErrorCode } from '../errors.ts'
import type { EndReason, Machine, MachineEnd, MachineUsage } from '../interface.ts'
import type { MachineSpec } from '../specification.ts'
import { type MachineState, nextState } from '../state.ts'
import { type Cgroup, createCgroup } from './cgroup.ts'
import { diskUsage } from './disk-usage.ts'
import { LogBuffer } from './log-buffer.ts'
import { listPrograms, listTree, readTree } from './process-tree.ts'
import { sandboxUser } from './sandbox.ts'

const watchMs = 200
const defaultGraceMs = 5_000

/** How a specification becomes a command of this host. */
export type ToCommand = (spec: MachineSpec) => {
  command: string[]
  environment: Record<string, string>
}

/** A machine that is a tree of processes on this host. */
export class ProcessMachine implements Machine {
  readonly id = randomUUID()
  readonly ended: Promise<MachineEnd>
  readonly #spec: MachineSpec
  readonly #toCommand: ToCommand
  readonly #logs = new LogBuffer()
  readonly #end = Promise.withResolvers<MachineEnd>()
  #state: MachineState = 'created'
  #child: ChildProcessByStdio<null, Readable, Readable> | null = null
  #cgroup: Cgroup | null = null
  #reason: EndReason = 'exit'
  #startedMs = 0
  #seen = { cpuMs: 0, memoryBytes: 0 }

  constructor(spec: MachineSpec, toCommand: ToCommand) {
    this.#spec = spec
    this.#toCommand = toCommand
    this.ended = this.#end.promise
  }

  get state(): MachineState {
    return this.#state
  }

  async start(): Promise<void> {
    this.#state = nextState(this.#state, 'start')
    this.#cgroup = await createCgroup(this.id, this.#spec.limits)
    await this.#giveFolders()
    const { command, environment } = this.#toCommand(this.#spec)
    const [program = '', ...args] = this.#withLimits(command)
    this.#startedMs = performance.now()
    const child = spawn(program, args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
    })
    this.#child = child
    const printed = Promise.all([
      this.#logs.take('out', child.stdout),
      this.#logs.take('error', child.stderr),
    ])
    const exited = once(child, 'exit')
    try {
      await once(child, 'spawn')
    } catch (cause) {
      exited.catch(() => {})
      await this.#finish(null)
      throw new CodedError<MachineErrorCode>('START_FAILED', `${program} does not start`, { cause })
    }
    this.#watch().catch((error) => this.#end.reject(error))
    Promise.all([exited, printed]).then(
      ([[exitCode]]) => this.#finish(exitCode),
      (error) => this.#end.reject(error),
    )
  }

  async stop({ graceMs = defaultGraceMs }: { graceMs?: number } = {}): Promise<MachineEnd> {
    this.#state = nextState(this.#state, 'stop')
    const child = this.#child
    if (this.#state === 'ended' || !child?.pid) return this.ended
    this.#reason = 'stopped'
    const programs = await listPrograms(child.pid)
    for (const pid of programs) sendSignal(pid, 'SIGTERM')
    if (programs.length > 0) await this.#endWithin(graceMs)
    await this.#killAll()
    return this.ended
  }

  async usage(): Promise<MachineUsage> {
    await this.#measure()
    const folders = this.#spec.mounts.filter(({ isWritable }) => isWritable)
    const sizes = await Promise.all(folders.map(({ source }) => diskUsage(source)))
    const wallMs = this.#startedMs === 0 ? 0 : performance.now() - this.#startedMs
    return { ...this.#seen, wallMs, diskBytes: sizes.reduce((total, size) => total + size, 0) }
  }

  logs(): AsyncIterable<{ stream: 'out' | 'error'; text: string }> {
    return this.#logs.read()
  }

  /** Stops what runs, and gives back what the host lent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'running' || this.#state === 'stopping') await this.stop({ graceMs: 0 })
    this.#state = nextState(this.#state, 'remove')
    this.#logs.end()
  }

  /** Joins the group first, so that nothing runs outside of it, and then lowers what the kernel allows. */
  #withLimits(command: readonly string[]): string[] {
    const { diskBytes } = this.#spec.limits
    const join = 'for f in $JOIN; do echo $$ > "$f" || exit 125; done; unset JOIN; exec "$@"'
    const rlimits = ['prlimit', `--fsize=${diskBytes}`, '--core=0', '--nofile=4096', '--']
    const environment = ['env', `JOIN=${this.#cgroup?.joinFiles.join(' ') ?? ''}`]
    return [...environment, '/bin/sh', '-c', join, 'sh', ...rlimits, ...command]
  }

  /** What the kernel does not limit by itself. */
  async #watch(): Promise<void> {
    const { memoryBytes, diskBytes, wallMs } = this.#spec.limits
    while (this.#state === 'running' || this.#state === 'stopping') {
      const usage = await this.usage()
      if (usage.wallMs > wallMs) this.#kill('time')
      else if (usage.diskBytes > diskBytes) this.#kill('disk')
      else if (!this.#cgroup && usage.memoryBytes > memoryBytes) this.#kill('memory')
      await Promise.race([this.ended, delay(Math.min(watchMs, wallMs))])
    }
  }

  async #endWithin(graceMs: number): Promise<void> {
    const grace = new AbortController()
    const { signal } = grace
    await Promise.race([this.ended, delay(graceMs, undefined, { signal }).catch(() => {})])
    grace.abort()
  }

  #kill(reason: EndReason): void {
    if (this.#reason === 'exit') this.#reason = reason
    this.#killAll().catch((error) => this.#end.reject(error))
  }

  /** One that was just started may not be tied to its parent's end yet. */
  async #killAll(): Promise<void> {
    const pid = this.#child?.pid
    if (!pid || this.#child?.exitCode !== null || this.#child.signalCode !== null) return
    for (const below of await listTree(pid)) sendSignal(below, 'SIGKILL')
  }

  /** Whom a program of root's runs as must own what it writes into. */
  async #giveFolders(): Promise<void> {
    if (process.getuid?.() !== 0) return
    for (const { source, isWritable } of this.#spec.mounts)
      if (isWritable) await chown(source, sandboxUser, sandboxUser)
  }

  async #measure(): Promise<void> {
    const pid = this.#child?.pid
    const now = this.#cgroup
      ? await this.#cgroup.usage().catch(() => null)
      : pid
        ? await readTree(pid)
        : null
    if (!now) return
    this.#seen = {
      cpuMs: Math.max(this.#seen.cpuMs, now.cpuMs),
      memoryBytes: Math.max(this.#seen.memoryBytes, now.memoryBytes),
    }
    if ('wasOutOfMemory' in now && now.wasOutOfMemory && this.#reason === 'exit')
      this.#reason = 'memory'
  }

  async #finish(exitCode: number | null): Promise<void> {
    const usage = await this.usage()
    this.#state = nextState(this.#state, 'end')
    this.#logs.end()
    await this.#cgroup?.remove()
    this.#end.resolve({ reason: this.#reason, exitCode, usage })
  }
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended already.
  }
}
