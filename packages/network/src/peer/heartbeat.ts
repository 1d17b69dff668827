import { abortConnection } from '../host/abort-connection.ts'
import type { NetworkLimits } from '../limits.ts'
import type { ControlMessage } from '../wire/control.ts'
import type { Link } from './link.ts'

export interface HeartbeatOptions {
  readonly limits: NetworkLimits
  /** When anything last came from the peer, by performance.now(). */
  readonly heardAt: () => number
}

/**
 * Pings a peer regularly, keeps the round trip, and drops the connection when nothing at all came
 * for too long (a stopped process or a pulled cable tells nothing, TCP waits for minutes). A tick
 * that comes late means that we were the ones asleep: then the peer gets the whole time again.
 */
export class Heartbeat {
  readonly #link: Link
  readonly #options: HeartbeatOptions
  #nonce = 0
  #sentAt = 0
  #isAnswered = true
  #tickAt = performance.now()
  #awakeAt = performance.now()

  constructor(link: Link, options: HeartbeatOptions) {
    this.#link = link
    this.#options = options
    const timer = setInterval(() => this.#tick(), options.limits.heartbeatMs)
    link.connection.addEventListener('close', () => clearInterval(timer))
    this.#tick()
  }

  onMessage(message: ControlMessage): void {
    if (message.type === 'ping') this.#link.control.send({ type: 'pong', nonce: message.nonce })
    if (message.type !== 'pong' || message.nonce !== this.#nonce || this.#isAnswered) return
    this.#isAnswered = true
    this.#link.latencyMs = performance.now() - this.#sentAt
  }

  #tick(): void {
    const { heartbeatMs, silenceMs } = this.#options.limits
    const now = performance.now()
    if (now - this.#tickAt > 2 * heartbeatMs) this.#awakeAt = now
    this.#tickAt = now
    if (now - Math.max(this.#options.heardAt(), this.#awakeAt) > silenceMs) {
      abortConnection(this.#link.connection, 'The peer has fallen silent.')
      return
    }
    // While the answer is on its way the ping is repeated: it also tells the peer that we live.
    if (this.#isAnswered) {
      this.#isAnswered = false
      this.#nonce = (this.#nonce + 1) % 2 ** 32
      this.#sentAt = now
    }
    this.#link.control.send({ type: 'ping', nonce: this.#nonce })
  }
}
