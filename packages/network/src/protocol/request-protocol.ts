import type { Connection, Stream } from '@libp2p/interface'
import { networkError } from '../errors.ts'
import { abortStream } from '../host/abort-connection.ts'
import type { Host } from '../host/open-host.ts'
import { noTraffic } from '../monitor/no-traffic.ts'
import type { PeerId, Traffic } from '../network.ts'
import type { Peers } from '../peer/peers.ts'
import { answer, refuse } from './answer.ts'
import { ask } from './ask.ts'
import type { Protocol, ProtocolOptions, RequestOptions, ServeHandler } from './protocol.ts'

export interface RequestProtocolOptions {
  readonly limits: ProtocolOptions
  readonly peers: Peers
  /** Takes a place for serving one request, or gives none; what it returns gives the place back. */
  readonly admit: (peer: PeerId) => (() => void) | undefined
  readonly onFailure: (error: unknown) => void
}

export class RequestProtocol implements Protocol {
  readonly #protocol: string
  readonly #options: RequestProtocolOptions
  #handler: ServeHandler | undefined
  readonly traffic: Traffic = noTraffic()
  #serving = 0
  readonly #servingTo = new Map<PeerId, number>()

  constructor(name: string, options: RequestProtocolOptions) {
    this.#protocol = `/quoin/request/${name}/1`
    this.#options = options
  }

  async start(host: Host): Promise<void> {
    await host.libp2p.handle(
      this.#protocol,
      (stream, connection) => this.#accept(stream, connection),
      {
        maxInboundStreams: 32,
        maxOutboundStreams: 64,
      },
    )
  }

  async *request(peer: PeerId, request: Uint8Array, options: RequestOptions = {}) {
    const { limits, peers } = this.#options
    const link = peers.get(peer)
    if (link === undefined)
      throw networkError('PEER_NOT_CONNECTED', `Peer ${peer} is not connected.`, {
        detail: { peer },
      })
    if (request.length > limits.maxRequestBytes)
      throw networkError('REQUEST_TOO_LARGE', `A request may have ${limits.maxRequestBytes} bytes.`)
    this.traffic.messagesOut += 1
    this.traffic.bytesOut += request.length
    for await (const chunk of ask(request, {
      ...options,
      link,
      limits,
      protocol: this.#protocol,
    })) {
      this.traffic.bytesIn += chunk.length
      yield chunk
    }
  }

  serve(handler: ServeHandler): () => void {
    this.#handler = handler
    return () => {
      if (this.#handler === handler) this.#handler = undefined
    }
  }

  #accept(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    const handler = this.#handler
    const { peers, limits, admit, onFailure } = this.#options
    if (peers.get(peer) === undefined) {
      abortStream(stream, 'The peer has not said hello.')
      return
    }
    const servingPeer = this.#servingTo.get(peer) ?? 0
    const isBusy =
      handler === undefined ||
      this.#serving >= limits.maxConcurrent ||
      servingPeer >= Math.ceil(limits.maxConcurrent / 2)
    const leave = isBusy ? undefined : admit(peer)
    if (handler === undefined || leave === undefined) {
      this.traffic.dropped += 1
      refuse(stream, 'busy')
      return
    }
    this.#serving += 1
    this.#servingTo.set(peer, servingPeer + 1)
    this.traffic.messagesIn += 1
    void answer(stream, handler, { peer, limits, patienceMs: 10_000, onFailure }).finally(() => {
      this.#serving -= 1
      const left = (this.#servingTo.get(peer) ?? 0) - 1
      if (left > 0) this.#servingTo.set(peer, left)
      else this.#servingTo.delete(peer)
      leave()
    })
  }
}
