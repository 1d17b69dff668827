import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { Host } from '../host/open-host.ts'
import { noTraffic } from '../monitor/no-traffic.ts'
import type { PeerId, Traffic } from '../network.ts'

/** accept: deliver and pass on. ignore: neither. reject: neither, and the sender is to blame. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface TopicOptions {
  /** The largest message, in bytes; a larger one counts as rejected. */
  readonly maxBytes: number
  /** Judges each new message once, before anyone hears of it; a throw counts as `ignore`. */
  readonly validate: (message: Uint8Array, from: PeerId) => Verdict | Promise<Verdict>
}

/**
 * Messages for everyone, passed from peer to peer. Equal bytes are heard and passed on once in half
 * a minute. Nothing is kept for who connects later: what must arrive has to be offered again.
 */
export interface Topic {
  publish(message: Uint8Array): void
  /** Accepted messages of others, never one's own. */
  onMessage(listener: (message: Uint8Array, from: PeerId) => void): () => void
}

export interface GossipTopicOptions extends TopicOptions {
  readonly host: Host
  /** Resolves to whether the peer has said hello (messages may overtake the handshake). */
  readonly isPeer: (peer: PeerId) => Promise<boolean>
  readonly onReject: (from: PeerId) => void
  readonly onFailure: (error: unknown) => void
}

export class GossipTopic implements Topic {
  readonly #name: string
  readonly #options: GossipTopicOptions
  readonly traffic: Traffic = noTraffic()
  readonly #listeners = new Set<(message: Uint8Array, from: PeerId) => void>()

  /** `name` is what peers see: it holds the chain's name. */
  constructor(name: string, options: GossipTopicOptions) {
    this.#name = name
    this.#options = options
    const { gossip } = options.host
    gossip.topicValidators.set(name, async (peer, message) => {
      const verdict = await this.#judge(message.data, peer.toString())
      if (verdict !== 'accept') this.traffic.dropped += 1
      return verdicts[verdict]
    })
    gossip.addEventListener('gossipsub:message', (event) => {
      const { msg, propagationSource } = event.detail
      if (msg.topic !== name) return
      const from = propagationSource.toString()
      this.traffic.messagesIn += 1
      this.traffic.bytesIn += msg.data.length
      for (const listener of this.#listeners) listener(msg.data, from)
    })
    gossip.subscribe(name)
  }

  publish(message: Uint8Array): void {
    if (message.length > this.#options.maxBytes)
      throw new RangeError('The message is larger than its topic allows.')
    this.traffic.messagesOut += 1
    this.traffic.bytesOut += message.length
    this.#options.host.gossip.publish(this.#name, message).catch(this.#options.onFailure)
  }

  onMessage(listener: (message: Uint8Array, from: PeerId) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #judge(message: Uint8Array, from: PeerId): Promise<Verdict> {
    const { maxBytes, validate, isPeer, onReject, onFailure } = this.#options
    try {
      if (!(await isPeer(from))) return 'ignore'
      const verdict = message.length > maxBytes ? 'reject' : await validate(message, from)
      if (verdict === 'reject') onReject(from)
      return verdict
    } catch (error) {
      onFailure(error)
      return 'ignore'
    }
  }
}

const verdicts = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const
