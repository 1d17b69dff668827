import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { networkError } from '../errors.ts'
import type { PeerId } from '../network.ts'
import { scopeOf } from './address-scope.ts'

/** Where a peer says it listens: only it can say so, and only for one chain. */
export interface PeerRecord {
  readonly peer: PeerId
  /** Milliseconds since the Unix epoch; of two records the later counts. */
  readonly at: number
  /** TCP multiaddrs without /p2p/. */
  readonly addresses: readonly string[]
  /** The record as signed, to pass on. */
  readonly bytes: Uint8Array
}

const maxRecordBytes = 1_024
const maxAddresses = 6
const futureMs = 600_000
const prefix = new TextEncoder().encode('quoin/peer-record/1\0')

/** Fields as text, one a line, then an empty line and the signature: peer, time, addresses. */
export async function signRecord(
  key: PrivateKey,
  { chain, at, addresses }: { chain: Hex; at: number; addresses: readonly string[] },
): Promise<PeerRecord> {
  const peer = peerIdFromPrivateKey(key).toString()
  const told = addresses.slice(0, maxAddresses)
  const body = new TextEncoder().encode([peer, at, ...told].join('\n'))
  const signature = await key.sign(signedBytes(chain, body))
  const bytes = new Uint8Array([body.length >> 8, body.length & 255, ...body, ...signature])
  return { peer, at, addresses: told, bytes }
}

/** Throws FRAME_MALFORMED unless the record is well formed, of this chain, and signed by its peer. */
export async function openRecord(bytes: Uint8Array, chain: Hex): Promise<PeerRecord> {
  const bodyLength = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  if (bytes.length > maxRecordBytes || bodyLength + 2 >= bytes.length) throw malformed()
  const body = bytes.subarray(2, 2 + bodyLength)
  const [peer = '', at = '', ...addresses] = new TextDecoder().decode(body).split('\n')
  const time = /^[1-9]\d{0,15}$/.test(at) ? Number(at) : Number.POSITIVE_INFINITY
  if (time > Date.now() + futureMs || addresses.length > maxAddresses) throw malformed()
  if (!addresses.every((address) => scopeOf(address) !== undefined && !address.includes('/p2p/')))
    throw malformed()
  if (!(await isSigned(peer, signedBytes(chain, body), bytes.subarray(2 + bodyLength))))
    throw malformed()
  return { peer, at: time, addresses, bytes }
}

async function isSigned(peer: PeerId, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return (await peerIdFromString(peer).publicKey?.verify(data, signature)) === true
  } catch {
    return false
  }
}

function signedBytes(chain: Hex, body: Uint8Array): Uint8Array {
  return Uint8Array.from([...prefix, ...hexToBytes(chain), ...body])
}

const malformed = () =>
  networkError(
    'FRAME_MALFORMED',
    'A peer record is malformed, of another chain, or not signed by its peer.',
  )
