import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** One direction of a link. */
export interface LinkQuality {
  /** Bytes are kept, nothing is told to either side: a pulled cable. */
  isPaused: boolean
  delayMs: number
  /** Bytes a second; Infinity for as fast as it goes. */
  bytesPerSecond: number
}

/**
 * A bad wire for tests: a TCP port that leads to another, whose two directions can be paused,
 * delayed and throttled apart, and whose connections can be cut.
 */
export class TcpProxy implements AsyncDisposable {
  /** From who connects to the proxy towards the target, and back. */
  readonly there: LinkQuality = { isPaused: false, delayMs: 0, bytesPerSecond: Infinity }
  readonly back: LinkQuality = { isPaused: false, delayMs: 0, bytesPerSecond: Infinity }
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#accept(socket))
  /** Where new connections lead. */
  target: { host: string; port: number }
  #isRefusing = false

  readonly #onBytes: (bytes: Uint8Array) => void

  private constructor(
    target: { host: string; port: number },
    onBytes: (bytes: Uint8Array) => void,
  ) {
    this.target = target
    this.#onBytes = onBytes
  }

  /** `onBytes` sees all that passes, in both directions. */
  static async open({
    onBytes = () => {},
    ...target
  }: {
    host?: string
    port: number
    onBytes?: (bytes: Uint8Array) => void
  }): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host: '127.0.0.1', ...target }, onBytes)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  get port(): number {
    // A TCP server that listens has an address of this kind.
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#sockets.size / 2
  }

  /** Nothing passes in either direction, and nobody is told; connections stay. */
  pause(): void {
    this.there.isPaused = true
    this.back.isPaused = true
  }

  resume(): void {
    this.there.isPaused = false
    this.back.isPaused = false
  }

  /** Resets all connections; with `stay`, refuses new ones until `mend`. */
  cut({ stay = false } = {}): void {
    this.#isRefusing = stay
    for (const socket of this.#sockets) reset(socket)
  }

  mend(): void {
    this.#isRefusing = false
    this.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut({ stay: true })
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(socket: Socket): void {
    if (this.#isRefusing) {
      reset(socket)
      return
    }
    const other = connect(this.target)
    this.#own(socket, other)
    this.#own(other, socket)
    void this.#carry(socket, other, this.there)
    void this.#carry(other, socket, this.back)
  }

  #own(socket: Socket, other: Socket): void {
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      other.destroy()
    })
  }

  /** Delay is latency, not a pause between chunks: each chunk leaves `delayMs` after it came. */
  async #carry(from: Socket, to: Socket, quality: LinkQuality): Promise<void> {
    const waiting: { bytes: Buffer; due: number }[] = []
    let wake = () => {}
    from.on('close', () => wake())
    to.on('close', () => wake())
    from.on('data', (bytes: Buffer) => {
      this.#onBytes(bytes)
      waiting.push({ bytes, due: performance.now() + quality.delayMs })
      if (waiting.length > 64) from.pause()
      wake()
    })
    while (!from.destroyed && !to.destroyed) {
      const [next] = waiting
      if (next === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      else if (quality.isPaused) await sleep(10)
      else {
        const early = next.due - performance.now()
        if (early > 0) await sleep(early)
        if (quality.isPaused) continue
        waiting.shift()
        if (!to.destroyed) to.write(next.bytes)
        if (waiting.length === 0) from.resume()
        if (quality.bytesPerSecond !== Infinity)
          await sleep((next.bytes.length / quality.bytesPerSecond) * 1000)
      }
    }
  }
}

/**
 * libuv does not reset a socket that is being shut down, and Node then holds it for closed: the process would spin
 * for ever at its end.
 */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
