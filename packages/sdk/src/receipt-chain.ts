import type { Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import type { TrustRoot } from '@quoin/light'

/** What a receipt's checks read of the chain, whoever answers. */
export interface ReceiptChain {
  readonly chainId: number
  /** Address of the Receipts contract, which is part of what was signed. */
  readonly receipts: Hex
  /** What the answers rest on. */
  readonly trust: TrustStatement
  /** Whether a key may sign for a provider: its own, or one that it registered and did not revoke. */
  isReceiptSigner(provider: Hex, signer: Hex): Promise<boolean>
  provider(address: Hex): Promise<{ endpoint: string } | null>
  service(id: Hex): Promise<{ provider: Hex; artifact: Hex; name: string } | null>
  anchor(provider: Hex, epoch: bigint): Promise<{ root: Hex; blockNumber: bigint } | null>
}

/** Who must be right for a verification to be right. */
export type TrustStatement =
  | {
      /** Every answer was proven; only the root, and two thirds of the validators since then, are trusted. */
      kind: 'proof'
      root: TrustRoot
      /** The root came from the server itself, and was not known before. */
      isFirstUse: boolean
      /** The block whose state was read. */
      height: number
      id: Hex
      timeMs: number
    }
  /** The node that was asked is believed. */
  | { kind: 'node' }

/** The answers of a node that is believed: one's own, or that of a chain without certificates. */
export function believedChain(ledger: Ledger): ReceiptChain {
  const { chainId, addresses, registry, receipts } = ledger
  return {
    chainId,
    receipts: addresses.receipts,
    trust: { kind: 'node' },
    isReceiptSigner: async (provider, signer) =>
      provider.toLowerCase() === signer.toLowerCase() || registry.isReceiptSigner(provider, signer),
    provider: (address) => registry.provider(address),
    service: (id) => registry.service(id),
    anchor: (provider, epoch) => receipts.findAnchor(provider, epoch),
  }
}
