import type { Hex } from '@quoin/kernel'

/** A token that may be paid with. */
export interface AllowedAsset {
  /** CAIP-2, such as `eip155:31402`. */
  network: string
  asset: Hex
}

/** Where Quoin's own contracts are on a network of ours. */
export interface QuoinNetwork {
  chainId: number
  network: string
  rpcUrl?: string
  assets: readonly AllowedAsset[]
}

/** Credit, the token that a chain made by Quoin has from genesis. */
export const creditAddress: Hex = '0x51756f696e000000000000000000000000000001'

/** Providers, artifacts and services. */
export const registryAddress: Hex = '0x51756f696e000000000000000000000000000002'

/** Where receipts are anchored; part of what a provider signs. */
export const receiptsAddress: Hex = '0x51756f696e000000000000000000000000000003'

/** Limits of session keys. */
export const sessionKeysAddress: Hex = '0x51756f696e000000000000000000000000000005'

/** The preset of a chain made by Quoin: pay in its Credit and nothing else. Chain id 31402 is the default one. */
export function quoinNetwork(options: { chainId?: number; rpcUrl?: string } = {}): QuoinNetwork {
  const chainId = options.chainId ?? 31402
  const network = `eip155:${chainId}`
  return {
    chainId,
    network,
    ...(options.rpcUrl !== undefined && { rpcUrl: options.rpcUrl }),
    assets: [{ network, asset: creditAddress }],
  }
}
