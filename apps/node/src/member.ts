import { possessionDigest } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { deriveBlsKey, privateKeyToAddress, verifyBls } from '@quoin/keys'
import { peerIdOf } from '@quoin/network'
import { z } from 'zod'
import type { NodeKeys } from './node-keys.ts'

const address = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{40}$/)])
const blsPublicKey = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{96}$/)])
const blsSignature = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{192}$/)])

/** What a party tells the others of its node, nothing of it secret: enough to make it a validator and a peer. */
export const Member = z.strictObject({
  quoin: z.literal('member/1'),
  chainId: z.number().int().positive(),
  /** Of the validator key. */
  address,
  blsPublicKey,
  /** BLS signature over `possessionDigest`: shows that the party has the key. */
  proofOfPossession: blsSignature,
  /** Owner of the services that the node may sell. */
  provider: address,
  peerId: z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{20,80}$/),
  /** Multiaddrs by which others reach the node; may be empty. */
  addresses: z.array(z.string().startsWith('/').max(256)).max(8),
})
export type Member = z.infer<typeof Member>

export function memberOf(
  keys: NodeKeys,
  { chainId, addresses = [] }: { chainId: number; addresses?: readonly string[] },
): Member {
  const bls = deriveBlsKey(keys.validator)
  const validator = privateKeyToAddress(keys.validator)
  return {
    quoin: 'member/1',
    chainId,
    address: validator,
    blsPublicKey: bls.publicKey,
    proofOfPossession: bls.sign(possessionDigest(BigInt(chainId), validator, bls.publicKey)),
    provider: privateKeyToAddress(keys.provider),
    peerId: peerIdOf(keys.network),
    addresses: [...addresses],
  }
}

/**
 * A member's file as another party reads it. `source` names it in messages.
 * @throws CodedError `MEMBER_INVALID` when it is none, is for another chain id, or does not have its BLS key
 */
export function parseMember(json: unknown, chainId: number, source: string): Member {
  const parsed = Member.safeParse(json)
  if (!parsed.success)
    throw invalid(`${source} is not a member's file: ${z.prettifyError(parsed.error)}`)
  const member = parsed.data
  if (member.chainId !== chainId)
    throw invalid(
      `${source} is for chain id ${member.chainId}, and this chain has ${chainId}: make it again with --chain-id ${chainId}`,
    )
  const digest = possessionDigest(BigInt(chainId), member.address, member.blsPublicKey)
  if (!verifyBls(digest, member.blsPublicKey, member.proofOfPossession))
    throw invalid(`${source}: the proof of possession does not fit its BLS key; make it again`)
  return member
}

const invalid = (message: string) => new CodedError('MEMBER_INVALID', message)
