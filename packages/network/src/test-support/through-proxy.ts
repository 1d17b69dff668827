import { multiaddr } from '@multiformats/multiaddr'
import { TcpProxy } from '@quoin/testing'
import type { Network } from '../network.ts'

/** A proxy before a node, and the address by which others reach the node through it. */
export async function openProxyTo(node: Network) {
  const [address = ''] = node.addresses
  const proxy = await TcpProxy.open({ port: Number(multiaddr(address).getComponents()[1]?.value) })
  return { proxy, address: `/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${node.peerId}` }
}
