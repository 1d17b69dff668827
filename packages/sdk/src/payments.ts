import type { Hex } from '@quoin/kernel'
import {
  type BatchPayload,
  batchScheme,
  type ChannelConfig,
  depositNonceOf,
  type Eip3009Authorization,
  type ExactPayload,
  eip3009Types,
  encodeJsonHeader,
  networkToChainId,
  type PaymentPayload,
  type PaymentRequirements,
  type Voucher,
  voucherTypedData,
  x402Addresses,
  x402Version,
} from '@quoin/protocol'
import { bytesToHex, getAddress, type LocalAccount } from 'viem'
import type { Demand, Offer, TokenDomain } from './offers.ts'

/** The value of PAYMENT-SIGNATURE for a scheme's payload; the chosen offer is echoed as it came. */
export function paymentHeader(
  offer: Offer,
  demand: Pick<Demand, 'resource' | 'extensions'>,
  payload: BatchPayload | ExactPayload,
): string {
  const payment: PaymentPayload = {
    x402Version,
    resource: demand.resource,
    accepted: withoutState(offer),
    payload: { ...payload },
    ...(demand.extensions && { extensions: demand.extensions }),
  }
  return encodeJsonHeader(payment)
}

/** A corrective 402 puts the channel's state into `extra`; it is not part of what was accepted. */
function withoutState({ scheme, terms }: Offer): PaymentRequirements {
  if (scheme !== batchScheme) return terms
  const { channelState: _, voucherState: __, ...extra } = terms.extra ?? {}
  return { ...terms, extra }
}

export async function signVoucher(
  sessionKey: LocalAccount,
  voucher: { channelId: Hex; maxClaimableAmount: bigint; chainId: number },
): Promise<Voucher> {
  const { channelId, maxClaimableAmount, chainId } = voucher
  const signature = await sessionKey.signTypedData(
    voucherTypedData({ channelId, maxClaimableAmount }, chainId),
  )
  return { channelId, maxClaimableAmount: `${maxClaimableAmount}`, signature }
}

export interface DepositOrder {
  channelId: Hex
  config: ChannelConfig
  amount: bigint
  chainId: number
  token: TokenDomain
  /** Seconds since 1970. */
  validBefore: bigint
}

/** The payer's EIP-3009 authorization that moves `amount` into the channel, through the x402 collector. */
export async function signDeposit(payer: LocalAccount, order: DepositOrder) {
  const salt = randomBytes32()
  const signature = await payer.signTypedData({
    domain: {
      ...order.token,
      chainId: order.chainId,
      verifyingContract: getAddress(order.config.token),
    },
    types: { ReceiveWithAuthorization: eip3009Types.ReceiveWithAuthorization },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: getAddress(payer.address),
      to: getAddress(x402Addresses.erc3009Collector),
      value: order.amount,
      validAfter: 0n,
      validBefore: order.validBefore,
      nonce: depositNonceOf(order.channelId, salt),
    },
  })
  const erc3009Authorization = {
    validAfter: '0',
    validBefore: `${order.validBefore}`,
    salt,
    signature,
  }
  return { amount: `${order.amount}`, authorization: { erc3009Authorization } }
}

/** The `exact` scheme: an EIP-3009 transfer of the whole price to the receiver, one for each call. */
export async function signExact(
  payer: LocalAccount,
  offer: { terms: PaymentRequirements; extra: TokenDomain },
  nowSeconds: number,
): Promise<ExactPayload> {
  const { terms, extra } = offer
  const authorization: Eip3009Authorization = {
    from: payer.address,
    to: terms.payTo,
    value: terms.amount,
    validAfter: '0',
    validBefore: `${nowSeconds + Math.ceil(terms.maxTimeoutSeconds)}`,
    nonce: randomBytes32(),
  }
  const signature = await payer.signTypedData({
    domain: {
      name: extra.name,
      version: extra.version,
      chainId: networkToChainId(terms.network),
      verifyingContract: getAddress(terms.asset),
    },
    types: { TransferWithAuthorization: eip3009Types.TransferWithAuthorization },
    primaryType: 'TransferWithAuthorization',
    message: {
      from: getAddress(payer.address),
      to: getAddress(terms.payTo),
      value: BigInt(terms.amount),
      validAfter: 0n,
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce,
    },
  })
  return { signature, authorization }
}

export function randomBytes32(): Hex {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
}
