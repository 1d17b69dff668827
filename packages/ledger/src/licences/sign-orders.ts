import { bytesToHex, type Hex } from '@quoin/kernel'
import { encodeAbiParameters, keccak256 } from 'viem'
import type { SigningPlace, TypedDataSigner } from '../authorizations.ts'
import { type ChannelConfig, channelIdOf } from '../channel.ts'
import { type LicenceOrder, toChainOrder } from './types.ts'

/** An order with the EIP-3009 authorization that pays for it: anyone may send it, and nobody redirect it. */
export interface SignedOrder {
  order: LicenceOrder
  authorization: { validAfter: bigint; validBefore: bigint; salt: Hex; signature: Hex }
}

/** An order paid out of an x402 channel, with both signatures of the channel's voucher key. */
export interface ChannelOrder {
  order: LicenceOrder
  config: ChannelConfig
  /** What the channel has then paid in all, in atomic units. */
  cumulative: bigint
  voucherSignature: Hex
  orderSignature: Hex
}

const orderTypes = [
  {
    type: 'tuple',
    components: [
      { name: 'id', type: 'uint256' },
      { name: 'holder', type: 'address' },
      { name: 'quantity', type: 'uint32' },
      { name: 'publicKey', type: 'bytes32' },
    ],
  },
  { type: 'bytes32' },
] as const

const authorizationFields = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

const channelOrderFields = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'cumulative', type: 'uint128' },
  { name: 'id', type: 'uint256' },
  { name: 'holder', type: 'address' },
  { name: 'quantity', type: 'uint32' },
  { name: 'publicKey', type: 'bytes32' },
] as const

const voucherFields = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'maxClaimableAmount', type: 'uint128' },
] as const

/** The nonce of the EIP-3009 authorization that pays for an order. */
function orderNonceOf(order: LicenceOrder, salt: Hex): Hex {
  return keccak256(encodeAbiParameters(orderTypes, [toChainOrder(order), salt]))
}

/** Signs, as the order's holder, an order and its payment. Costs nothing. */
export async function signLicenceOrder(
  holder: TypedDataSigner,
  purchase: { order: LicenceOrder; token: Hex; priceAtomic: bigint; validForSeconds?: number },
  place: SigningPlace,
): Promise<SignedOrder> {
  const { order, token, priceAtomic: value, validForSeconds = 3600 } = purchase
  const { chainId, addresses } = place
  const { name, version } = place.tokenDomain ?? { name: 'Quoin Credit', version: '1' }
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const validBefore = BigInt(Math.floor(Date.now() / 1000) + validForSeconds)
  const window = { validAfter: 0n, validBefore }
  const nonce = orderNonceOf(order, salt)
  const signature = await holder.signTypedData({
    domain: { name, version, chainId, verifyingContract: token },
    types: { ReceiveWithAuthorization: authorizationFields },
    primaryType: 'ReceiveWithAuthorization',
    message: { from: order.holder, to: addresses.licences, value, ...window, nonce },
  })
  return { order, authorization: { ...window, salt, signature } }
}

/** Signs, with a channel's voucher key, an order and the voucher that pays for it. */
export async function signChannelOrder(
  voucherKey: TypedDataSigner,
  { order, config, cumulative }: Pick<ChannelOrder, 'order' | 'config' | 'cumulative'>,
  { chainId, addresses }: SigningPlace,
): Promise<ChannelOrder> {
  const { settlement, licences } = addresses
  const channelId = channelIdOf(config, { chainId, settlement })
  const voucherSignature = await voucherKey.signTypedData({
    domain: { name: 'x402 Batch Settlement', version: '1', chainId, verifyingContract: settlement },
    types: { Voucher: voucherFields },
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount: cumulative },
  })
  const orderSignature = await voucherKey.signTypedData({
    domain: { name: 'Quoin Licences', version: '1', chainId, verifyingContract: licences },
    types: { ChannelOrder: channelOrderFields },
    primaryType: 'ChannelOrder',
    message: { channelId, cumulative, ...toChainOrder(order) },
  })
  return { order, config, cumulative, voucherSignature, orderSignature }
}
