import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { decodePowBlock } from '../block.ts'
import type { PowTransport } from '../transport.ts'

/**
 * A transport that makes an honest engine a selfish miner (Eyal and Sirer, arXiv:1311.0243): found blocks
 * are kept back, and told only when the others come close, so that their work is in vain.
 */
export function createSelfishTransport(transport: PowTransport): PowTransport {
  let hidden: { height: number; bytes: Uint8Array }[] = []
  let publicHeight = 0
  let isRacing = false
  const own = new Set<Hex>()
  const tell = (upTo: number) => {
    for (const { height, bytes } of hidden) if (height <= upTo) transport.announce(bytes)
    hidden = hidden.filter(({ height }) => height > upTo)
  }
  return {
    ...transport,
    announce(bytes) {
      const { header } = decodePowBlock(bytes)
      own.add(bytesToHex(keccak256(bytes)))
      hidden.push({ height: header.height, bytes })
      // The block that decides a race between two equal branches.
      if (isRacing) tell(header.height)
      isRacing = false
    },
    onAnnounce: (listener) =>
      transport.onAnnounce((bytes, from) => {
        const verdict = listener(bytes, from)
        const { height } = decodePowBlock(bytes).header
        if (own.has(bytesToHex(keccak256(bytes))) || height <= publicHeight) return verdict
        publicHeight = height
        const best = hidden.at(-1)?.height ?? 0
        if (best < height) {
          hidden = []
          isRacing = false
        } else if (best - height <= 1) {
          isRacing = best === height
          tell(best)
        } else tell(height)
        return verdict
      }),
    // A peer that asks would learn of the hidden blocks.
    serve: () => () => {},
  }
}
