import type { Hex } from '@quoin/kernel'
import {
  type DepositPayload,
  depositNonceOf,
  formatMoney,
  x402Addresses,
  x402Errors,
} from '@quoin/protocol'
import type { Channel, ChannelCall } from '../channel/channel.ts'
import type { PayContext } from './context.ts'
import type { Refusal } from './offers.ts'
import { isSignedBy } from './voucher-check.ts'

/** Seconds that an authorization must still be valid for, so that it does not expire on its way into a block. */
const minValidSeconds = 6

export type Funded =
  | { kind: 'funded'; transactionHash: Hex | '' }
  | { kind: 'refused'; refusal: Refusal }

/**
 * Puts a deposit on the chain before its call is served, one at a time per channel. A deposit that the
 * channel does not need (several calls of one client brought one each) is left unused.
 */
export async function fundChannel(
  context: PayContext,
  channel: Channel,
  payload: DepositPayload,
  wish: ChannelCall,
): Promise<Funded> {
  const fault = findDepositFault(context, payload)
  if (fault) return { kind: 'refused', refusal: fault }
  const turn = channel.exclusive.then(() => depositIfWanted(context, channel, payload, wish))
  channel.exclusive = turn.catch(() => {})
  return turn
}

async function depositIfWanted(
  context: PayContext,
  channel: Channel,
  payload: DepositPayload,
  wish: ChannelCall,
): Promise<Funded> {
  const amount = BigInt(payload.deposit.amount)
  if (wish.signal.aborted || !channel.wantsDeposit(wish, amount))
    return { kind: 'funded', transactionHash: '' }
  const { validAfter, validBefore, salt, signature } =
    payload.deposit.authorization.erc3009Authorization
  try {
    const { transactionHash } = await context.chain.deposit({
      config: payload.channelConfig,
      amount,
      authorization: {
        validAfter: BigInt(validAfter),
        validBefore: BigInt(validBefore),
        salt,
        signature,
      },
    })
    context.logger.info({ channelId: channel.id, amount: amount.toString() }, 'channel funded')
    await context.channels.refresh(channel)
    return { kind: 'funded', transactionHash }
  } catch (error) {
    // It may have gone through all the same, by an earlier try or by someone else's transaction.
    await context.channels.refresh(channel)
    if (!channel.wantsDeposit(wish, amount)) return { kind: 'funded', transactionHash: '' }
    const message = error instanceof Error ? error.message.slice(0, 300) : String(error)
    context.logger.warn({ channelId: channel.id, error: message }, 'deposit failed')
    return {
      kind: 'refused',
      refusal: {
        code: x402Errors.depositFailed,
        message: `The deposit did not go through: ${message}`,
        hint: 'Check that the payer holds the amount and that the authorization is unused',
      },
    }
  }
}

function findDepositFault(context: PayContext, payload: DepositPayload): Refusal | null {
  const { amount, authorization } = payload.deposit
  const { validAfter, validBefore, salt, signature } = authorization.erc3009Authorization
  const { minDepositAtomic } = context.terms
  if (BigInt(amount) < minDepositAtomic)
    return {
      code: x402Errors.depositBelowMinimum,
      message: `A deposit has at least ${formatMoney(minDepositAtomic)}: its transaction costs the provider gas`,
      hint: 'Deposit at least what minDeposit in accepts says',
    }
  const now = Math.floor(context.clock() / 1000)
  if (BigInt(validBefore) < BigInt(now + minValidSeconds))
    return {
      code: x402Errors.depositValidBefore,
      message: 'The deposit authorization has expired, or expires within seconds',
      hint: 'Sign a new one',
    }
  if (BigInt(validAfter) > BigInt(now))
    return {
      code: x402Errors.depositValidAfter,
      message: 'The deposit authorization is not valid yet',
      hint: 'Sign one that is valid now',
    }
  const { payer } = payload.channelConfig
  const digest = context.digests.receive({
    from: payer,
    to: x402Addresses.erc3009Collector,
    value: amount,
    validAfter,
    validBefore,
    nonce: depositNonceOf(payload.voucher.channelId, salt),
  })
  if (isSignedBy(digest, signature, payer)) return null
  return {
    code: x402Errors.depositSignature,
    message: 'The deposit authorization is not signed by the payer',
    hint: 'Sign ReceiveWithAuthorization to the EIP-3009 collector, under the token given in accepts',
  }
}
