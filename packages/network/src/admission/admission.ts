import type { ConnectionGater } from '@libp2p/interface'
import type { NetworkLimits } from '../limits.ts'
import type { PeerId } from '../network.ts'
import type { Peers } from '../peer/peers.ts'
import { IpGate } from './ip-gate.ts'
import type { Reputation } from './reputation.ts'

export interface AdmissionOptions {
  readonly self: PeerId
  readonly limits: NetworkLimits
  readonly peers: Peers
  readonly reputation: Reputation
  /** When given, nobody else is spoken to. */
  readonly allowedPeers: readonly PeerId[] | undefined
}

/** Decides who may connect: by address before a byte is read, by peer id as soon as noise has proved it. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #allowed: ReadonlySet<PeerId> | undefined
  readonly #gate: IpGate
  refusedPeers = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#allowed = options.allowedPeers && new Set(options.allowedPeers)
    this.#gate = new IpGate(options.limits)
  }

  get refusedAddresses(): number {
    return this.#gate.refused
  }

  isWelcome(peer: PeerId): boolean {
    const { self, reputation } = this.#options
    return peer !== self && this.#allowed?.has(peer) !== false && !reputation.isBanned(peer)
  }

  /** Whether there is a place for one more peer that came by itself. */
  isFull(peer: PeerId): boolean {
    const { peers, limits } = this.#options
    if (peers.get(peer) !== undefined) return false
    return peers.size >= limits.maxPeers || peers.inbound >= limits.maxInboundPeers
  }

  gater(): ConnectionGater {
    const denies = (peer: { toString(): string }) => {
      const isDenied = !this.isWelcome(peer.toString())
      if (isDenied) this.refusedPeers += 1
      return isDenied
    }
    return {
      denyInboundConnection: (connection) => !this.#gate.enter(connection),
      denyDialPeer: (peer) => !this.isWelcome(peer.toString()),
      denyInboundEncryptedConnection: (peer, connection) => {
        this.#gate.settled(connection)
        return denies(peer)
      },
      denyOutboundEncryptedConnection: (peer) => denies(peer),
    }
  }
}
