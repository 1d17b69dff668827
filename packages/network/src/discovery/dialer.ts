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
  readonly address: string
  /** Unknown for an address without /p2p/ until it answered once. */
  peer: PeerId | undefined
  failures: number
  notBefore: number
  isDialing: boolean
}

/** Keeps dialing known addresses, each with its own growing and jittered wait, until peers suffice. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #targets = new Map<string, Target>()
  dials = 0
  failures = 0

  constructor(options: DialerOptions) {
    this.#options = options
    const timer = setInterval(() => this.#tick(), Math.min(250, options.limits.redialMs))
    options.signal.addEventListener('abort', () => clearInterval(timer))
  }

  add(address: string): void {
    if (this.#targets.has(address)) return
    const peer = address.split('/p2p/')[1]
    this.#targets.set(address, { address, peer, failures: 0, notBefore: 0, isDialing: false })
    this.#tick()
  }

  #tick(): void {
    const { limits, connected, signal } = this.#options
    const now = performance.now()
    for (const target of this.#targets.values()) {
      if (signal.aborted || connected() >= limits.targetPeers) return
      if (target.isDialing || target.notBefore > now) continue
      if (target.peer !== undefined && this.#options.isUnwanted(target.peer)) continue
      void this.#dial(target)
    }
  }

  async #dial(target: Target): Promise<void> {
    const { host, limits, signal } = this.#options
    target.isDialing = true
    this.dials += 1
    try {
      const timeout = AbortSignal.timeout(limits.dialMs)
      const connection = await host.libp2p.dial(multiaddr(target.address), {
        signal: AbortSignal.any([signal, timeout]),
      })
      target.peer = connection.remotePeer.toString()
      target.failures = 0
    } catch {
      this.failures += 1
      target.failures += 1
    } finally {
      const wait = Math.min(
        limits.maxRedialMs,
        limits.redialMs * 2 ** Math.min(16, target.failures),
      )
      target.notBefore = performance.now() + wait * (0.5 + Math.random())
      target.isDialing = false
    }
  }
}
