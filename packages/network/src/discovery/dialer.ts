import { multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../host/open-host.ts'
import type { NetworkLimits } from '../limits.ts'
import type { PeerId } from '../network.ts'

export interface DialerOptions {
  readonly host: Host
  readonly limits: NetworkLimits
  readonly signal: AbortSignal
  /** Whether the peer is connected or must not be dialed. */
  readonly isUnwanted: (peer: PeerId) => boolean
  readonly connected: () => number
}

interface Target {
  /** Without /p2p/; all lead to one peer. */
  addresses: readonly string[]
  /** Unknown for a bootstrap address without /p2p/ until it answered once. */
  peer: PeerId | undefined
  readonly isBootstrap: boolean
  /** Dials since the last link that held. */
  attempts: number
  notBefore: number
  isDialing: boolean
}

const maxParallelDials = 8
const steadyMs = 5_000
const maxHearsayAttempts = 12

/** Keeps dialing known peers, each with its own growing and jittered wait, until enough are connected. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #targets = new Map<string, Target>()
  #dialing = 0
  dials = 0
  failures = 0

  constructor(options: DialerOptions) {
    this.#options = options
    const timer = setInterval(() => this.#tick(), 100)
    options.signal.addEventListener('abort', () => clearInterval(timer))
  }

  /** A configured multiaddr, never forgotten. */
  addBootstrap(address: string): void {
    const [plain = '', peer] = address.split('/p2p/')
    this.#add(peer ?? plain, { addresses: [plain], peer, isBootstrap: true })
  }

  /** Addresses that a peer itself has signed. */
  addPeer(peer: PeerId, addresses: readonly string[]): void {
    const known = this.#targets.get(peer)
    if (known === undefined) {
      if (addresses.length > 0 && this.#targets.size < 2 * this.#options.limits.maxKnownPeers)
        this.#add(peer, { addresses, peer, isBootstrap: false })
    } else
      known.addresses = [...new Set([...addresses, ...(known.isBootstrap ? known.addresses : [])])]
  }

  /** A link to the peer ended after `heldMs`: one that held is dialed again at once. */
  lost(peer: PeerId, heldMs: number): void {
    for (const target of this.#targets.values()) {
      if (target.peer !== peer || heldMs < steadyMs) continue
      target.attempts = 0
      target.notBefore = performance.now() + this.#options.limits.redialMs * Math.random()
    }
  }

  /** The peer does not want us or we it: leave it alone for long. */
  spurned(peer: PeerId): void {
    for (const target of this.#targets.values())
      if (target.peer === peer)
        target.notBefore = performance.now() + 60_000 * (0.5 + Math.random())
  }

  #add(key: string, target: Pick<Target, 'addresses' | 'peer' | 'isBootstrap'>): void {
    if (this.#targets.has(key)) return
    this.#targets.set(key, { ...target, attempts: 0, notBefore: 0, isDialing: false })
    this.#tick()
  }

  #tick(): void {
    const { limits, connected, signal, isUnwanted } = this.#options
    const now = performance.now()
    for (const [key, target] of this.#targets) {
      if (signal.aborted || connected() + this.#dialing >= limits.targetPeers) return
      if (this.#dialing >= maxParallelDials) return
      if (target.isDialing || target.notBefore > now) continue
      if (target.peer !== undefined && isUnwanted(target.peer)) continue
      if (!target.isBootstrap && target.attempts > maxHearsayAttempts) this.#targets.delete(key)
      else void this.#dial(target)
    }
  }

  async #dial(target: Target): Promise<void> {
    const { host, limits, signal } = this.#options
    target.isDialing = true
    this.#dialing += 1
    this.dials += 1
    target.attempts += 1
    const longest = Math.min(
      limits.maxRedialMs,
      limits.redialMs * 2 ** Math.min(16, target.attempts - 1),
    )
    target.notBefore = performance.now() + longest * (0.5 + Math.random() / 2)
    try {
      const suffix = target.peer === undefined ? '' : `/p2p/${target.peer}`
      const connection = await host.libp2p.dial(
        target.addresses.map((address) => multiaddr(address + suffix)),
        { signal: AbortSignal.any([signal, AbortSignal.timeout(limits.dialMs)]) },
      )
      target.peer = connection.remotePeer.toString()
    } catch {
      this.failures += 1
    } finally {
      this.#dialing -= 1
      target.isDialing = false
    }
  }
}
