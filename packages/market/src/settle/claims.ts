import { bytesToHex, type Hex } from '@quoin/kernel'
import { signatureToBytes, signHash } from '@quoin/keys'
import type { ClaimOrder } from '../chain/interface.ts'
import { claimable } from '../channel/book.ts'
import type { Channel } from '../channel/channel.ts'
import type { Digests } from '../digest.ts'

/** What is owed on the channel and not claimed yet; null when there is nothing. */
export function claimOrderOf(channel: Channel): ClaimOrder | null {
  const { book, signature } = channel
  const totalClaimed = claimable(book)
  if (totalClaimed <= book.totalClaimed || signature === null) return null
  return { config: channel.config, maxClaimable: book.ceiling, signature, totalClaimed }
}

export interface ClaimSigner {
  digests: Digests
  signer: { privateKey: Uint8Array }
}

/** The receiverAuthorizer's signature over a batch of claims. */
export function signClaims(shell: ClaimSigner, claims: readonly ClaimOrder[]): Hex {
  const entries = claims.map((claim) => ({
    channelId: shell.digests.channelId(claim.config),
    maxClaimable: claim.maxClaimable,
    totalClaimed: claim.totalClaimed,
  }))
  const digest = shell.digests.claimBatch(entries)
  return bytesToHex(signatureToBytes(signHash(digest, shell.signer.privateKey)))
}
