import type { Connection, Stream } from '@libp2p/interface'
import { CodedError } from '@quoin/kernel'
import { abortStream } from '../host/abort-connection.ts'
import type { Host } from '../host/open-host.ts'
import { noTraffic } from '../monitor/no-traffic.ts'
import type { PeerId, QueueInfo, Traffic } from '../network.ts'
import type { Link } from '../peer/link.ts'
import type { Peers } from '../peer/peers.ts'
import { readFrames } from '../wire/frame-stream.ts'
import { Outbox } from './outbox.ts'

export interface ChannelOptions {
  /** The largest message, in bytes; a peer that announces a larger one is cut off. */
  readonly maxBytes: number
  /** Messages that may wait for one slow peer. */
  readonly queueLength: number
  /** Bytes that may wait for one slow peer; 4 × maxBytes unless told. */
  readonly queueBytes?: number
  /** What a full queue loses: what waits longest (unless told), or what comes. */
  readonly whenFull?: 'dropOldest' | 'dropNewest'
}

/** One class of messages over streams of its own, in order per peer, lost only when a queue is full or a peer leaves. */
export interface Channel {
  /** To every connected peer; never waits. The bytes must not be changed afterwards. */
  broadcast(message: Uint8Array): void
  send(peer: PeerId, message: Uint8Array): void
  /** While a listener's promise is open, no more is read from that peer on this channel. */
  onMessage(listener: (message: Uint8Array, from: PeerId) => void | Promise<void>): () => void
}

export interface DirectChannelOptions extends ChannelOptions {
  readonly peers: Peers
  readonly onOffence: (peer: PeerId) => void
}

type Listener = (message: Uint8Array, from: PeerId) => void | Promise<void>

/** Each side writes on a stream that it opened itself, so that each can mend its own after a reset. */
export class DirectChannel implements Channel {
  readonly #protocol: string
  readonly #options: DirectChannelOptions
  readonly #peers: Peers
  readonly #outboxes = new Map<PeerId, Outbox>()
  readonly #inbound = new Map<PeerId, Stream>()
  readonly #listeners = new Set<Listener>()
  readonly traffic: Traffic = noTraffic()

  constructor(name: string, options: DirectChannelOptions) {
    this.#protocol = `/quoin/channel/${name}/1`
    this.#options = options
    this.#peers = options.peers
    options.peers.onChange((peer, link) => this.#onLink(peer, link))
    for (const link of options.peers.all()) this.#onLink(link.peer, link)
  }

  /** Begins to accept peers' streams. */
  async start(host: Host): Promise<void> {
    await host.libp2p.handle(
      this.#protocol,
      (stream, connection) => this.#accept(stream, connection),
      {
        maxInboundStreams: 2,
        maxOutboundStreams: 2,
      },
    )
  }

  broadcast(message: Uint8Array): void {
    for (const outbox of this.#outboxes.values()) outbox.push(message)
  }

  send(peer: PeerId, message: Uint8Array): void {
    this.#outboxes.get(peer)?.push(message)
  }

  onMessage(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  queue(peer: PeerId): QueueInfo {
    return this.#outboxes.get(peer)?.info ?? { length: 0, bytes: 0, dropped: 0 }
  }

  /** Messages that wait, over all peers. */
  get queued(): number {
    let count = 0
    for (const outbox of this.#outboxes.values()) count += outbox.info.length
    return count
  }

  #onLink(peer: PeerId, link: Link | undefined): void {
    if (link === undefined) {
      this.#outboxes.get(peer)?.close()
      this.#outboxes.delete(peer)
      this.#inbound.delete(peer)
      return
    }
    let outbox = this.#outboxes.get(peer)
    if (outbox === undefined) {
      outbox = new Outbox(this.#protocol, { ...this.#options, traffic: this.traffic })
      this.#outboxes.set(peer, outbox)
    }
    outbox.attach(link.connection)
  }

  #accept(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString()
    if (this.#peers.get(peer) === undefined) {
      abortStream(stream, 'The peer has not said hello.')
      return
    }
    const older = this.#inbound.get(peer)
    if (older !== undefined) abortStream(older, 'The peer opened a newer stream.')
    this.#inbound.set(peer, stream)
    readFrames(stream, {
      maxBytes: this.#options.maxBytes,
      onFrame: (payload) => this.#deliver(payload, peer),
      onEnd: (error) => {
        if (error instanceof CodedError) this.#options.onOffence(peer)
        if (this.#inbound.get(peer) === stream) this.#inbound.delete(peer)
      },
    })
  }

  #deliver(payload: Uint8Array, peer: PeerId): void | Promise<void> {
    this.traffic.messagesIn += 1
    this.traffic.bytesIn += payload.length
    const open: Promise<void>[] = []
    for (const listener of this.#listeners) {
      const done = listener(payload, peer)
      if (done !== undefined) open.push(done)
    }
    if (open.length > 0) return Promise.all(open).then(() => {})
  }
}
