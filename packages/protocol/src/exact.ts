import { z } from 'zod'
import { Address, AtomicAmount, Bytes32, SignatureHex, Uint256Text } from './scalars.ts'

export const exactScheme = 'exact'

/** An EIP-3009 authorization as the `exact` scheme carries it: times in seconds, as decimal text. */
export const Eip3009Authorization = z.object({
  from: Address,
  to: Address,
  value: AtomicAmount,
  validAfter: Uint256Text,
  validBefore: Uint256Text,
  nonce: Bytes32,
})
export type Eip3009Authorization = z.infer<typeof Eip3009Authorization>

export const ExactPayload = z.object({
  signature: SignatureHex,
  authorization: Eip3009Authorization,
})
export type ExactPayload = z.infer<typeof ExactPayload>

const authorizationFields = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

/** EIP-712 types of EIP-3009; the domain is the token's own (name, version, chain id, address). */
export const eip3009Types = {
  TransferWithAuthorization: authorizationFields,
  ReceiveWithAuthorization: authorizationFields,
} as const
