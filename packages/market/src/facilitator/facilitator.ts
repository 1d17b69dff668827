import type { Hex } from '@quoin/kernel'
import type { SettlementResponse, VerifyResponse } from '@quoin/protocol'
import type { Market } from '../interface.ts'
import { type CheckShell, checkBatch } from './check-batch.ts'
import { findExactReason } from './check-exact.ts'
import { type FacilitatorPayload, parseRequest } from './requests.ts'
import { type SettleShell, settleBatch } from './settle-batch.ts'

export interface FacilitatorShell extends CheckShell, SettleShell {
  network: string
  asset: Hex
  address: Hex
  /** Serves payments to this receiver alone; null: to anyone, at our cost in gas. */
  onlyReceiver: Hex | null
}

/**
 * The facilitator's endpoints as stock resource servers use them: it verifies payments of any receiver on
 * this chain and brings them onto it, at its own cost in gas. It signs nothing in a receiver's name:
 * claims and refunds need the signatures of their own receiverAuthorizer.
 */
export function createFacilitator(shell: FacilitatorShell): Market['facilitator'] {
  const extra = { assetTransferMethod: 'eip3009' }
  return {
    supported: () => ({
      kinds: ['exact', 'batch-settlement'].map((scheme) => ({
        x402Version: 2,
        scheme,
        network: shell.network,
        extra,
      })),
      extensions: [],
      signers: { 'eip155:*': [shell.address] },
    }),
    verify: async (body): Promise<VerifyResponse> => {
      const parsed = parseRequest(body, shell)
      if (!parsed.ok)
        return { isValid: false, invalidReason: parsed.reason, invalidMessage: parsed.message }
      return verify(shell, parsed.value)
    },
    settle: async (body): Promise<SettlementResponse> => {
      const parsed = parseRequest(body, shell)
      if (!parsed.ok) return failure(shell, parsed.reason, parsed.message)
      try {
        return await settle(shell, parsed.value)
      } catch (error) {
        const message = error instanceof Error ? error.message.slice(0, 500) : String(error)
        return failure(shell, 'settle_exact_failed', message)
      }
    },
  }
}

async function verify(
  shell: FacilitatorShell,
  { scheme, payload, request }: FacilitatorPayload,
): Promise<VerifyResponse> {
  const wanted = request.paymentRequirements
  if (scheme === 'exact') {
    const reason = await findExactReason(shell, payload, wanted)
    const payer = payload.authorization.from
    return reason ? { isValid: false, invalidReason: reason, payer } : { isValid: true, payer }
  }
  if (payload.type === 'claim' || payload.type === 'settle')
    return { isValid: false, invalidReason: 'invalid_batch_settlement_evm_payload_type' }
  const { payer } = payload.channelConfig
  const check = await checkBatch(shell, payload, wanted)
  if (!check.ok) return { isValid: false, invalidReason: check.reason, payer }
  const { balance, totalClaimed, withdrawal, refundNonce } = check.facts
  return {
    isValid: true,
    payer,
    extra: {
      channelId: payload.voucher.channelId,
      balance: balance.toString(),
      totalClaimed: totalClaimed.toString(),
      withdrawRequestedAt: withdrawal.requestedAt,
      refundNonce: refundNonce.toString(),
    },
  }
}

async function settle(
  shell: FacilitatorShell,
  { scheme, payload, request }: FacilitatorPayload,
): Promise<SettlementResponse> {
  const wanted = request.paymentRequirements
  if (scheme === 'batch-settlement') return settleBatch(shell, payload, wanted)
  const { from: payer } = payload.authorization
  const reason = await findExactReason(shell, payload, wanted)
  if (reason) return { ...failure(shell, reason, reason), payer }
  const { transactionHash, settled } = await shell.chain.transferAll([payload])
  if (settled[0] !== true)
    return { ...failure(shell, 'invalid_exact_evm_transaction_failed', ''), payer }
  return { success: true, payer, transaction: transactionHash, network: shell.network }
}

function failure(
  { network }: { network: string },
  errorReason: string,
  errorMessage: string,
): SettlementResponse {
  return { success: false, errorReason, errorMessage, transaction: '', network }
}
