import { type Hex, hexToBytes } from '@quoin/kernel'

const prefixes = {
  link: 'l',
  body: 'b',
  canonical: 'h',
  /** Every block by height, whichever branch it is on. */
  place: 'n',
  payload: 'p',
  invalid: 'x',
  meta: 'm',
} as const

type Prefix = keyof typeof prefixes

export function idKey(prefix: 'link' | 'body' | 'payload' | 'invalid', id: Hex): Uint8Array {
  return join(prefix, hexToBytes(id))
}

export function canonicalKey(height: number): Uint8Array {
  return join('canonical', heightBytes(height))
}

/** With an id: one block. Without: where the blocks of this height begin. */
export function placeKey(height: number, id: Hex = '0x'): Uint8Array {
  return join('place', heightBytes(height), hexToBytes(id))
}

export function placeKeyId(key: Uint8Array): Hex {
  return `0x${Buffer.from(key.subarray(9)).toString('hex')}`
}

export function metaKey(name: 'head' | 'finalized' | 'genesis' | 'pruned'): Uint8Array {
  return join('meta', new TextEncoder().encode(name))
}

function join(prefix: Prefix, ...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from(prefixes[prefix]), ...parts])
}

function heightBytes(height: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(height))
  return bytes
}
