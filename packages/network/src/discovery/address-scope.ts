import { BlockList, isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'

/** How far an address makes sense: on this host, in a private network, everywhere. */
const scopes = ['loopback', 'private', 'public'] as const
export type Scope = (typeof scopes)[number]

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

const unroutable = new BlockList()
unroutable.addSubnet('10.0.0.0', 8)
unroutable.addSubnet('172.16.0.0', 12)
unroutable.addSubnet('192.168.0.0', 16)
unroutable.addSubnet('169.254.0.0', 16)
unroutable.addSubnet('100.64.0.0', 10)
unroutable.addSubnet('0.0.0.0', 8)
unroutable.addSubnet('224.0.0.0', 3)
unroutable.addSubnet('fc00::', 7, 'ipv6')
unroutable.addSubnet('fe80::', 10, 'ipv6')
unroutable.addSubnet('ff00::', 8, 'ipv6')
unroutable.addAddress('::', 'ipv6')

/** The scope of a TCP multiaddr over IPv4, IPv6 or a DNS name; undefined for any other. */
export function scopeOf(address: string): Scope | undefined {
  const [host, port] = componentsOf(address)
  if (host?.value === undefined || port?.name !== 'tcp') return undefined
  if (/^dns[46]?$/.test(host.name))
    return /(^|\.)(localhost|local|internal)$/i.test(host.value) ? 'private' : 'public'
  const version = isIP(host.value)
  if (version === 0) return undefined
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (loopback.check(host.value, family)) return 'loopback'
  return unroutable.check(host.value, family) ? 'private' : 'public'
}

/** Whether an address of scope `narrow` may be told to, or believed from, a peer at scope `peer`. */
export function isVisible(narrow: Scope, peer: Scope): boolean {
  return scopes.indexOf(narrow) >= scopes.indexOf(peer)
}

/** The widest scope in which all of these addresses make sense. */
export function narrowest(addresses: readonly string[]): Scope {
  const found = addresses.map(scopeOf)
  return scopes.find((scope) => found.includes(scope)) ?? 'public'
}

function componentsOf(address: string) {
  try {
    return multiaddr(address).getComponents()
  } catch {
    return []
  }
}
