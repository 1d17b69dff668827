import { type ExactPayload, type PaymentRequirements, x402Errors } from '@quoin/protocol'
import { isSignedBy } from '../pay/voucher-check.ts'
import type { CheckShell } from './check-batch.ts'

/** Why an EIP-3009 payment cannot be settled; null when it can. */
export async function findExactReason(
  { digests, chain, clock }: CheckShell,
  { authorization, signature }: ExactPayload,
  wanted: PaymentRequirements,
): Promise<string | null> {
  const now = Math.floor(clock() / 1000)
  if (!isSignedBy(digests.transfer(authorization), signature, authorization.from))
    return x402Errors.exactSignature
  if (authorization.to !== wanted.payTo) return x402Errors.exactRecipient
  if (BigInt(authorization.validBefore) < BigInt(now + 6)) return x402Errors.exactValidBefore
  if (BigInt(authorization.validAfter) > BigInt(now)) return x402Errors.exactValidAfter
  const value = BigInt(authorization.value)
  if (value !== BigInt(wanted.amount) || value === 0n) return x402Errors.exactValue
  const { payerBalance, used } = await chain.readAuthorization(
    authorization.from,
    authorization.nonce,
  )
  if (used) return x402Errors.exactNonceUsed
  return payerBalance < value ? x402Errors.exactBalance : null
}
