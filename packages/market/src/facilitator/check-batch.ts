import type { Hex } from '@quoin/kernel'
import {
  type ChannelConfig,
  type DepositPayload,
  depositNonceOf,
  type PaymentRequirements,
  type RefundPayload,
  type VoucherPayload,
  withdrawDelayBounds,
  x402Addresses,
  x402Errors,
} from '@quoin/protocol'
import type { Chain, ChannelFacts } from '../chain/interface.ts'
import type { Digests } from '../digest.ts'
import { isSignedBy, isVoucherSigned } from '../pay/voucher-check.ts'

export interface CheckShell {
  digests: Digests
  chain: Chain
  clock: () => number
}

export type Check = { ok: true; facts: ChannelFacts } | { ok: false; reason: string }

/** Checks a voucher, a deposit or a refund request of any receiver's channel against the chain. */
export async function checkBatch(
  shell: CheckShell,
  payload: VoucherPayload | DepositPayload | RefundPayload,
  wanted: PaymentRequirements,
): Promise<Check> {
  const { channelConfig: config, voucher } = payload
  const reason = findConfigReason(shell.digests, config, voucher.channelId, wanted)
  if (reason) return { ok: false, reason }
  if (!isVoucherSigned(shell.digests, config, voucher))
    return { ok: false, reason: x402Errors.voucherSignature }
  const depositReason = payload.type === 'deposit' ? await findDepositReason(shell, payload) : null
  if (depositReason) return { ok: false, reason: depositReason }
  const facts = await shell.chain.readChannel(voucher.channelId)
  const added = payload.type === 'deposit' ? BigInt(payload.deposit.amount) : 0n
  const max = BigInt(voucher.maxClaimableAmount)
  if (facts.balance + added === 0n) return { ok: false, reason: x402Errors.channelNotFound }
  if (max > facts.balance + added) return { ok: false, reason: x402Errors.cumulativeExceedsBalance }
  const isBelow = payload.type === 'refund' ? max < facts.totalClaimed : max <= facts.totalClaimed
  if (isBelow) return { ok: false, reason: x402Errors.cumulativeBelowClaimed }
  return { ok: true, facts }
}

function findConfigReason(
  digests: Digests,
  config: ChannelConfig,
  channelId: Hex,
  wanted: PaymentRequirements,
): string | null {
  if (digests.channelId(config) !== channelId) return x402Errors.channelIdMismatch
  if (config.receiver !== wanted.payTo) return x402Errors.receiverMismatch
  if (config.token !== wanted.asset) return x402Errors.tokenMismatch
  const { receiverAuthorizer, withdrawDelay } = wanted.extra ?? {}
  if (
    typeof receiverAuthorizer !== 'string' ||
    receiverAuthorizer.toLowerCase() !== config.receiverAuthorizer
  )
    return x402Errors.receiverAuthorizerMismatch
  if (withdrawDelay !== undefined && withdrawDelay !== config.withdrawDelay)
    return x402Errors.withdrawDelayMismatch
  const { min, max } = withdrawDelayBounds
  if (config.withdrawDelay < min || config.withdrawDelay > max)
    return x402Errors.withdrawDelayOutOfRange
  return null
}

async function findDepositReason(
  { digests, chain, clock }: CheckShell,
  payload: DepositPayload,
): Promise<string | null> {
  const { payer } = payload.channelConfig
  const { amount, authorization } = payload.deposit
  const { validAfter, validBefore, salt, signature } = authorization.erc3009Authorization
  const now = Math.floor(clock() / 1000)
  if (BigInt(validBefore) < BigInt(now + 6)) return x402Errors.depositValidBefore
  if (BigInt(validAfter) > BigInt(now)) return x402Errors.depositValidAfter
  const nonce = depositNonceOf(payload.voucher.channelId, salt)
  const digest = digests.receive({
    from: payer,
    to: x402Addresses.erc3009Collector,
    value: amount,
    validAfter,
    validBefore,
    nonce,
  })
  if (!isSignedBy(digest, signature, payer)) return x402Errors.depositSignature
  const { payerBalance, used } = await chain.readAuthorization(payer, nonce)
  if (used) return x402Errors.depositSimulationFailed
  return payerBalance < BigInt(amount) ? x402Errors.insufficientBalance : null
}
