import { randomBytes } from 'node:crypto'
import { type Network, type NetworkOptions, openNetwork } from '../index.ts'

export const testChain = `0x${'11'.repeat(32)}` as const

/** A network on the loopback interface with a fresh key. */
export function openTestNetwork(options: Partial<NetworkOptions> = {}): Promise<Network> {
  return openNetwork({
    privateKey: randomBytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    chain: testChain,
    ...options,
  })
}

/** The TCP port of a network that listens. */
export function portOf(node: Network): number {
  return Number(/\/tcp\/(\d+)/.exec(node.addresses[0] ?? '')?.[1])
}

/** Resolves once `isTrue`; fails after `limitMs`. */
export async function until(isTrue: () => boolean, what: string, limitMs = 15_000): Promise<void> {
  const limit = performance.now() + limitMs
  while (!isTrue()) {
    if (performance.now() > limit) throw new Error(`Never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
