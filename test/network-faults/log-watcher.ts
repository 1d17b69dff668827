import assert from 'node:assert/strict'
import { once } from 'node:events'

interface Log {
  blockNumber: number
  blockHash: string
  transactionHash: string
  removed: boolean
}

/**
 * Subscribes to a node's logs and keeps those that hold: one that is removed must hold and must be of the
 * highest block that does, a new one must not be of a block below that.
 */
export class LogWatcher implements Disposable {
  readonly #socket: WebSocket
  readonly #holding: Log[] = []
  removed = 0
  /** The first thing that was wrong. */
  problem: string | null = null

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data))))
  }

  static async open(rpcUrl: string): Promise<LogWatcher> {
    const socket = new WebSocket(rpcUrl.replace('http', 'ws'))
    await once(socket, 'open')
    const watcher = new LogWatcher(socket)
    const params = ['logs', {}]
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params }))
    await once(socket, 'message')
    return watcher
  }

  /** Transactions whose logs hold, in the order of their blocks, with their blocks' hashes. */
  get holding(): readonly Log[] {
    return this.#holding
  }

  #hear(message: unknown): void {
    const log = logOf(message)
    if (!log) return
    const last = this.#holding.at(-1)
    if (log.removed) {
      this.removed += 1
      const at = this.#holding.findLastIndex(
        ({ transactionHash, blockHash }) =>
          transactionHash === log.transactionHash && blockHash === log.blockHash,
      )
      if (at < 0) this.problem ??= `a log of ${log.blockNumber} was removed that did not hold`
      else if (last?.blockHash !== log.blockHash)
        this.problem ??= `a log of ${log.blockNumber} was removed before those of ${last?.blockNumber}`
      if (at >= 0) this.#holding.splice(at, 1)
      return
    }
    if (last && last.blockNumber > log.blockNumber)
      this.problem ??= `a log of ${log.blockNumber} came while ${last.blockNumber} holds`
    if (this.#holding.some(({ transactionHash }) => transactionHash === log.transactionHash))
      this.problem ??= `the log of ${log.transactionHash} came twice`
    this.#holding.push(log)
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

function logOf(message: unknown): Log | null {
  const params = fieldOf(message, 'params')
  const log = fieldOf(params, 'result')
  if (log === undefined) return null
  const removed = fieldOf(log, 'removed')
  assert.ok(typeof removed === 'boolean')
  return {
    blockNumber: Number(fieldOf(log, 'blockNumber')),
    blockHash: String(fieldOf(log, 'blockHash')),
    transactionHash: String(fieldOf(log, 'transactionHash')),
    removed,
  }
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
