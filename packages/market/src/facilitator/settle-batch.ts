import type { Hex } from '@quoin/kernel'
import {
  type ClaimPayload,
  type DepositPayload,
  type FacilitatorBatchPayload,
  type PaymentRequirements,
  type RefundPayload,
  type SettlementResponse,
  type SettlePayload,
  type VoucherClaim,
  x402Errors,
} from '@quoin/protocol'
import type { ClaimOrder, Mined } from '../chain/interface.ts'
import { type CheckShell, checkBatch } from './check-batch.ts'

export interface SettleShell extends CheckShell {
  network: string
}

/** Brings a deposit, claims, a payout or a refund onto the chain. */
export function settleBatch(
  shell: SettleShell,
  payload: FacilitatorBatchPayload,
  wanted: PaymentRequirements,
): Promise<SettlementResponse> {
  switch (payload.type) {
    case 'deposit':
      return deposit(shell, payload, wanted)
    case 'claim':
      return claim(shell, payload)
    case 'settle':
      return settle(shell, payload)
    case 'refund':
      return refund(shell, payload)
    case 'voucher':
      return Promise.resolve(no(shell, x402Errors.batchPayload, 'A voucher alone is not settled'))
  }
}

async function deposit(
  shell: SettleShell,
  payload: DepositPayload,
  wanted: PaymentRequirements,
): Promise<SettlementResponse> {
  const check = await checkBatch(shell, payload, wanted)
  const { payer } = payload.channelConfig
  if (!check.ok) return { ...no(shell, check.reason, check.reason), payer }
  const { validAfter, validBefore, salt, signature } =
    payload.deposit.authorization.erc3009Authorization
  const authorization = {
    validAfter: BigInt(validAfter),
    validBefore: BigInt(validBefore),
    salt,
    signature,
  }
  const amount = BigInt(payload.deposit.amount)
  const sent = await attempt(() =>
    shell.chain.deposit({ config: payload.channelConfig, amount, authorization }),
  )
  if (!sent.ok) return { ...no(shell, x402Errors.depositFailed, sent.message), payer }
  return {
    ...(await yes(shell, sent.mined, payload.voucher.channelId)),
    payer,
    amount: amount.toString(),
  }
}

async function claim(shell: SettleShell, payload: ClaimPayload): Promise<SettlementResponse> {
  const signature = payload.claimAuthorizerSignature
  if (signature === undefined)
    return no(shell, x402Errors.authorizerNotConfigured, 'Sign the claims as receiverAuthorizer')
  const sent = await attempt(() => shell.chain.claim(payload.claims.map(toOrder), signature))
  if (!sent.ok) return no(shell, x402Errors.claimFailed, sent.message)
  return { success: true, transaction: sent.mined.transactionHash, network: shell.network }
}

async function settle(
  shell: SettleShell,
  { receiver, token }: SettlePayload,
): Promise<SettlementResponse> {
  const { claimed, settled } = await shell.chain.readReceiver(receiver, token)
  if (claimed <= settled) return no(shell, x402Errors.nothingToSettle, 'Nothing was claimed since')
  const sent = await attempt(() => shell.chain.settle(receiver, token))
  if (!sent.ok) return no(shell, x402Errors.settleFailed, sent.message)
  const { transactionHash, amount } = sent.mined
  if (amount === 0n) return no(shell, x402Errors.nothingToSettle, 'Nothing was claimed since')
  return {
    success: true,
    transaction: transactionHash,
    network: shell.network,
    amount: amount.toString(),
  }
}

async function refund(shell: SettleShell, payload: RefundPayload): Promise<SettlementResponse> {
  const { channelConfig: config, refundNonce, claims, claimAuthorizerSignature } = payload
  const signature = payload.refundAuthorizerSignature
  const amount = payload.amount ?? ''
  if (!/^[1-9][0-9]{0,38}$/.test(amount) || refundNonce === undefined)
    return no(shell, x402Errors.refundPayload, 'A refund to settle has an amount and a refundNonce')
  if (signature === undefined)
    return no(shell, x402Errors.authorizerNotConfigured, 'Sign the refund as receiverAuthorizer')
  const [first, ...more] = claims ?? []
  if (more.length > 0 || (first && claimAuthorizerSignature === undefined))
    return no(shell, x402Errors.refundPayload, 'A refund has one claim at most, and its signature')
  const order = first ? toOrder(first) : null
  const before = await shell.chain.readChannel(payload.voucher.channelId)
  const sent = await attempt(() =>
    shell.chain.refund({
      config,
      amount: BigInt(amount),
      nonce: BigInt(refundNonce),
      signature,
      claim:
        order && claimAuthorizerSignature ? { order, signature: claimAuthorizerSignature } : null,
    }),
  )
  if (!sent.ok) return no(shell, x402Errors.refundFailed, sent.message)
  const { channelId } = payload.voucher
  const after = await shell.chain.readChannel(channelId)
  return {
    ...(await yes(shell, sent.mined, channelId)),
    payer: config.payer,
    amount: (before.balance - after.balance).toString(),
  }
}

function toOrder({ voucher, signature, totalClaimed }: VoucherClaim): ClaimOrder {
  return {
    config: voucher.channel,
    maxClaimable: BigInt(voucher.maxClaimableAmount),
    signature,
    totalClaimed: BigInt(totalClaimed),
  }
}

type Attempt<T> = { ok: true; mined: T } | { ok: false; message: string }

async function attempt<T extends Mined>(send: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, mined: await send() }
  } catch (error) {
    const message = error instanceof Error ? error.message.slice(0, 500) : String(error)
    return { ok: false, message }
  }
}

async function yes(shell: SettleShell, mined: Mined, channelId: Hex): Promise<SettlementResponse> {
  const { balance, totalClaimed, withdrawal, refundNonce } =
    await shell.chain.readChannel(channelId)
  const channelState = {
    channelId,
    balance: balance.toString(),
    totalClaimed: totalClaimed.toString(),
    withdrawRequestedAt: withdrawal.requestedAt,
    refundNonce: refundNonce.toString(),
  }
  return {
    success: true,
    transaction: mined.transactionHash,
    network: shell.network,
    extra: { channelState },
  }
}

function no(
  { network }: { network: string },
  errorReason: string,
  errorMessage: string,
): SettlementResponse {
  return { success: false, errorReason, errorMessage, transaction: '', network }
}
