import { CodedError, type Hex } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys'
import {
  type ChannelConfig,
  type Voucher,
  withdrawDelayBounds,
  type X402Error,
  x402Errors,
} from '@quoin/protocol'
import type { Digests } from '../digest.ts'
import type { OfferTerms, Refusal } from './offers.ts'

const zeroAddress = `0x${'0'.repeat(40)}`

/** Whether a channel is one that this market takes money from; the reason when not. */
export function findConfigFault(config: ChannelConfig, terms: OfferTerms): Refusal | null {
  if (config.receiver !== terms.payTo)
    return fault(x402Errors.receiverMismatch, 'The channel pays another receiver')
  if (config.receiverAuthorizer !== terms.receiverAuthorizer)
    return fault(
      x402Errors.receiverAuthorizerMismatch,
      'The channel has another receiverAuthorizer',
    )
  if (config.token !== terms.asset)
    return fault(x402Errors.tokenMismatch, 'The channel holds another token')
  if (config.withdrawDelay > withdrawDelayBounds.max)
    return fault(x402Errors.withdrawDelayOutOfRange, 'The withdrawDelay is above 30 days')
  if (config.withdrawDelay < terms.withdrawDelay)
    return fault(
      x402Errors.withdrawDelayMismatch,
      `The channel's withdrawDelay is ${config.withdrawDelay} s, at least ${terms.withdrawDelay} s is asked for`,
    )
  return null
}

function fault(code: X402Error, message: string): Refusal {
  return { code, message, hint: 'Open a channel with the values in accepts' }
}

/** The address whose signature the channel's vouchers need. */
export function voucherSigner(config: ChannelConfig): Hex {
  return config.payerAuthorizer === zeroAddress ? config.payer : config.payerAuthorizer
}

/** Vouchers of contract wallets (ERC-1271) are not taken: the session key signs, and it is a plain key. */
export function isVoucherSigned(
  digests: Digests,
  config: ChannelConfig,
  voucher: Voucher,
): boolean {
  const digest = digests.voucher(voucher.channelId, BigInt(voucher.maxClaimableAmount))
  return isSignedBy(digest, voucher.signature, voucherSigner(config))
}

export function isSignedBy(digest: Uint8Array, signature: Hex, signer: Hex): boolean {
  try {
    return recoverAddress(digest, Buffer.from(signature.slice(2), 'hex')) === signer
  } catch (error) {
    if (error instanceof CodedError) return false
    throw error
  }
}

export function isSameConfig(a: ChannelConfig, b: ChannelConfig): boolean {
  return (
    a.payer === b.payer &&
    a.payerAuthorizer === b.payerAuthorizer &&
    a.receiver === b.receiver &&
    a.receiverAuthorizer === b.receiverAuthorizer &&
    a.token === b.token &&
    a.withdrawDelay === b.withdrawDelay &&
    a.salt === b.salt
  )
}
