import type { MultiaddrConnection } from '@libp2p/interface'
import type { NetworkLimits } from '../limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Sources remembered at once; beyond, those with nothing to remember go first. */
const maxSources = 4_096

interface Source {
  readonly bucket: TokenBucket
  open: number
  pending: number
}

/** Bounds what one IP address may open, before a byte is read: a rate, a number, a number in the handshake. */
export class IpGate {
  readonly #limits: NetworkLimits
  readonly #sources = new Map<string, Source>()
  readonly #pending = new WeakMap<MultiaddrConnection, Source>()
  #pendingInAll = 0
  refused = 0

  constructor(limits: NetworkLimits) {
    this.#limits = limits
  }

  /** Whether this new inbound connection may go on; if so it counts until it closes. */
  enter(connection: MultiaddrConnection): boolean {
    const source = this.#source(ipGroup(connection.remoteAddr.getComponents()[0]?.value ?? ''))
    const { maxConnectionsPerIp, maxPendingPerIp, maxPendingConnections } = this.#limits
    const isWelcome =
      source !== undefined &&
      this.#pendingInAll < maxPendingConnections &&
      source.open < maxConnectionsPerIp &&
      source.pending < maxPendingPerIp &&
      source.bucket.take(performance.now())
    if (!isWelcome) {
      this.refused += 1
      return false
    }
    source.open += 1
    source.pending += 1
    this.#pendingInAll += 1
    this.#pending.set(connection, source)
    connection.addEventListener('close', () => {
      source.open -= 1
      this.settled(connection)
    })
    return true
  }

  /** The connection is encrypted and knows its peer: it no longer counts as pending. */
  settled(connection: MultiaddrConnection): void {
    const source = this.#pending.get(connection)
    if (source === undefined) return
    this.#pending.delete(connection)
    source.pending -= 1
    this.#pendingInAll -= 1
  }

  #source(group: string): Source | undefined {
    const known = this.#sources.get(group)
    if (known !== undefined) return known
    const now = performance.now()
    if (this.#sources.size >= maxSources) this.#forgetIdle(now)
    if (this.#sources.size >= maxSources) return undefined
    const bucket = new TokenBucket({
      burst: this.#limits.connectionBurstPerIp,
      perSecond: this.#limits.connectionsPerSecondPerIp,
      nowMs: now,
    })
    const source = { bucket, open: 0, pending: 0 }
    this.#sources.set(group, source)
    return source
  }

  #forgetIdle(now: number): void {
    for (const [group, source] of this.#sources)
      if (source.open === 0 && source.bucket.isFull(now)) this.#sources.delete(group)
  }
}

/** An IPv4 address stands for itself, also when mapped into IPv6; an IPv6 address for its /64. */
export function ipGroup(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
