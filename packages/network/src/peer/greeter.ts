import type { Connection, Stream } from '@libp2p/interface'
import { CodedError, type Hex, type Logger } from '@quoin/kernel'
import { abortConnection, abortStream, closeConnection } from '../host/abort-connection.ts'
import type { Host } from '../host/open-host.ts'
import type { NetworkLimits } from '../limits.ts'
import { type Refusal, refusals } from '../wire/control.ts'
import { controlProtocol, shakeHands } from './handshake.ts'
import type { Link } from './link.ts'
import type { Peers } from './peers.ts'

export interface GreeterOptions {
  readonly host: Host
  readonly chain: Hex
  readonly limits: NetworkLimits
  readonly peers: Peers
  readonly logger: Logger
  readonly refuse: (connection: Connection) => Refusal | undefined
  readonly onLink: (link: Link) => void
  readonly onRefused: (connection: Connection, reason: Refusal | undefined) => void
}

/** Brings every connection through the handshake or closes it. */
export class Greeter {
  readonly #options: GreeterOptions
  refused = 0
  readonly #greeted = new WeakSet<Connection>()

  constructor(options: GreeterOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { host, limits } = this.#options
    await host.libp2p.handle(
      controlProtocol,
      (stream, connection) => this.#answer(stream, connection),
      {
        maxInboundStreams: 1,
        maxOutboundStreams: 1,
      },
    )
    host.libp2p.addEventListener('connection:open', ({ detail: connection }) => {
      if (connection.direction === 'outbound') return void this.#greet(connection)
      const timer = setTimeout(() => {
        if (!this.#greeted.has(connection)) abortConnection(connection, 'No hello in time.')
      }, limits.handshakeMs)
      connection.addEventListener('close', () => clearTimeout(timer))
    })
  }

  async #greet(connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(this.#options.limits.handshakeMs)
    try {
      const stream = await connection.newStream(controlProtocol, { signal })
      await this.#shake(connection, stream, signal)
    } catch (error) {
      this.#sendAway(connection, error)
    }
  }

  #answer(stream: Stream, connection: Connection): void {
    if (connection.direction === 'outbound' || this.#greeted.has(connection)) {
      abortStream(stream, 'One greeting is enough, and the dialer begins.')
      return
    }
    this.#greeted.add(connection)
    const signal = AbortSignal.timeout(this.#options.limits.handshakeMs)
    this.#shake(connection, stream, signal).catch((error) => this.#sendAway(connection, error))
  }

  #shake(connection: Connection, stream: Stream, signal: AbortSignal): Promise<void> {
    return shakeHands({
      connection,
      stream,
      chain: this.#options.chain,
      signal,
      refuse: () => this.#options.refuse(connection),
      onLink: (link) => this.#welcome(link),
    })
  }

  #welcome(link: Link): void {
    const { peers, onLink } = this.#options
    link.connection.addEventListener('close', () => peers.remove(link))
    const { surplus } = peers.add(link)
    if (surplus !== undefined) closeConnection(surplus.connection, 'One link is enough.')
    if (surplus !== link) onLink(link)
  }

  #sendAway(connection: Connection, error: unknown): void {
    const peer = connection.remotePeer.toString()
    this.#options.logger.debug({ peer, error }, 'A peer was sent away')
    this.refused += 1
    const reason = error instanceof CodedError ? error.detail.reason : undefined
    this.#options.onRefused(
      connection,
      refusals.find((known) => known === reason),
    )
    // A moment for a refusal to arrive, then the connection goes whatever the peer does.
    closeConnection(connection, 'The handshake failed.')
  }
}
