import type { Hex } from '@quoin/kernel'
import { bytesToHex } from '@quoin/kernel'
import type { TypedDataDefinition } from 'viem'
import type { LedgerAddresses } from './addresses.ts'
import { type ChannelConfig, channelIdOf, depositNonceOf, type SessionLimits } from './channel.ts'

/** Anything that signs EIP-712: a viem account, a wallet. */
export interface TypedDataSigner {
  address: Hex
  signTypedData(data: TypedDataDefinition): Promise<Hex>
}

/** Where signatures hold. */
export interface SigningPlace {
  chainId: number
  addresses: LedgerAddresses
  /** The token's EIP-712 domain; default: Credit's. */
  tokenDomain?: { name: string; version: string }
}

/** EIP-3009's authorization to fund a channel, ready for the collector. */
export interface DepositAuthorization {
  /** Seconds. */
  validAfter: bigint
  validBefore: bigint
  salt: Hex
  signature: Hex
}

const authorizationFields = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

const sessionFields = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'cap', type: 'uint128' },
  { name: 'expiresAt', type: 'uint40' },
  { name: 'scope', type: 'bytes32' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
] as const

/** Signs, as the payer, that `amount` may go into the channel. Costs nothing; anyone may send it. */
export async function signDeposit(
  payer: TypedDataSigner,
  deposit: { config: ChannelConfig; amount: bigint; validForSeconds?: number },
  place: SigningPlace,
): Promise<DepositAuthorization> {
  const { config, amount, validForSeconds = 3600 } = deposit
  const { chainId, addresses } = place
  const { name, version } = place.tokenDomain ?? { name: 'Quoin Credit', version: '1' }
  const channelId = channelIdOf(config, { chainId, settlement: addresses.settlement })
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const window = { validAfter: 0n, validBefore: nowSeconds() + BigInt(validForSeconds) }
  const signature = await payer.signTypedData({
    domain: { name, version, chainId, verifyingContract: config.token },
    types: { ReceiveWithAuthorization: authorizationFields },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: config.payer,
      to: addresses.eip3009Collector,
      value: amount,
      ...window,
      nonce: depositNonceOf(channelId, salt),
    },
  })
  return { ...window, salt, signature }
}

/** Signs, as the payer, a session's limits. `nonce` is `sessions.nonce(channelId)`. */
export async function signSession(
  payer: TypedDataSigner,
  session: { config: ChannelConfig; limits: SessionLimits; nonce: bigint; deadline: bigint },
  { chainId, addresses }: SigningPlace,
): Promise<Hex> {
  const { config, limits, nonce, deadline } = session
  return payer.signTypedData({
    domain: {
      name: 'Quoin Session Keys',
      version: '1',
      chainId,
      verifyingContract: addresses.sessionKeys,
    },
    types: { AuthorizeSession: sessionFields },
    primaryType: 'AuthorizeSession',
    message: {
      channelId: channelIdOf(config, { chainId, settlement: addresses.settlement }),
      cap: limits.capAtomic,
      expiresAt: limits.expiresAt,
      scope: limits.scope,
      nonce,
      deadline,
    },
  })
}

function nowSeconds(): bigint {
  return BigInt(Math.floor(Date.now() / 1000))
}
