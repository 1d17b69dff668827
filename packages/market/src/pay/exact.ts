import { bytesToHex, type Hex } from '@quoin/kernel'
import {
  type Eip3009Authorization,
  ExactPayload,
  formatMoney,
  type PaymentPayload,
  x402Errors,
} from '@quoin/protocol'
import { marketError } from '../errors.ts'
import type { Admission, CallRequest, Outcome } from '../interface.ts'
import { issueReceipt } from '../receipt-issuer.ts'
import type { Write } from '../store/statements.ts'
import type { PayContext } from './context.ts'
import { type OfferTerms, paymentRequired, type Refusal } from './offers.ts'
import {
  answerWrites,
  createPaidCall,
  type Finished,
  receiptTextOf,
  receiptWrite,
  responseHeaders,
} from './paid-call.ts'
import { readWith } from './read-payment.ts'
import { isSignedBy } from './voucher-check.ts'

/** Nonces of calls that run now, per market. */
export type RunningNonces = Set<string>

/** Admits a call that is paid with one EIP-3009 transfer, settled after it was served. */
export async function admitExact(
  context: PayContext,
  call: CallRequest,
  payment: PaymentPayload,
  running: RunningNonces,
): Promise<Admission> {
  const read = readWith(ExactPayload, payment.payload, 'PAYMENT-SIGNATURE payload')
  if (!read.ok) return paymentRequired(context.terms, call, read.refusal)
  const payload = read.value
  const fault = findAuthorizationFault(context, payload, call.ceilingAtomic)
  if (fault) return paymentRequired(context.terms, call, fault)
  const { from: payer } = payload.authorization
  const start = await context.answers.start(payer, call)
  if (start.kind === 'settled') return start.admission
  const name = `${payer} ${payload.authorization.nonce}`
  const end = (): void => {
    running.delete(name)
    start.done()
  }
  if (
    running.has(name) ||
    context.store.reads.isAuthorizationUsed(payer, payload.authorization.nonce)
  ) {
    start.done()
    return paymentRequired(context.terms, call, nonceUsed)
  }
  running.add(name)
  const amount = BigInt(payload.authorization.value)
  context.exact.promise(payer, amount)
  const release = (): void => {
    context.exact.forget(payer, amount)
    end()
  }
  try {
    const refusal = await findFundsFault(context, payload.authorization)
    if (!refusal) return { kind: 'admitted', call: admit(context, call, payload, end) }
    release()
    return paymentRequired(context.terms, call, refusal)
  } catch (error) {
    release()
    throw error
  }
}

function admit(context: PayContext, call: CallRequest, payload: ExactPayload, done: () => void) {
  const { from: payer, value } = payload.authorization
  const amount = BigInt(value)
  return createPaidCall({
    context,
    call,
    payer,
    streamHeaders: responseHeaders(report(context, payer, amount), null),
    settle: (outcome) => serve(context, call, payload, outcome),
    release: () => context.exact.forget(payer, amount),
    done,
  })
}

async function serve(
  context: PayContext,
  call: CallRequest,
  payload: ExactPayload,
  outcome: Outcome,
): Promise<Finished> {
  const { from: payer, value, nonce } = payload.authorization
  const amount = BigInt(value)
  const now = context.clock()
  const owe: Write = [
    'addAuthorization',
    payer,
    nonce,
    JSON.stringify(payload),
    value,
    'pending',
    null,
    now,
  ]
  const receipt = issueReceipt({ ...context.signer, digests: context.digests }, call, outcome, {
    channelId: bytesToHex(context.digests.transfer(payload.authorization)),
    payer,
    sequence: 1n,
    amount,
    cumulative: amount,
    timeMs: now,
  })
  const text = receiptTextOf(receipt)
  const { isImmediate } = context.exact
  try {
    const transaction = isImmediate ? await collectFirst(context, payload, owe) : ''
    const headers = responseHeaders(report(context, payer, amount, transaction), text)
    const kept = [
      receiptWrite(receipt, text),
      ...answerWrites(call, payer, outcome, { headers, now }),
    ]
    await context.store.write(nonce, isImmediate ? kept : [owe, ...kept])
    if (!isImmediate) context.exact.schedule()
    return { receipt, headers }
  } catch (error) {
    context.exact.forget(payer, amount)
    throw error
  }
}

/** The authorization is durable before it is sent, so that a crash in between does not lose it. */
async function collectFirst(
  context: PayContext,
  payload: ExactPayload,
  owe: Write,
): Promise<string> {
  const { from: payer, nonce } = payload.authorization
  await context.store.write(nonce, [owe])
  await context.exact.settleAll()
  const transaction = await context.store.reads.settledAuthorization(payer, nonce)
  if (transaction !== undefined) return transaction
  throw marketError('TRANSACTION_FAILED', 'The payment could not be collected; it was not served')
}

function findAuthorizationFault(
  context: PayContext,
  { authorization, signature }: ExactPayload,
  amount: bigint,
): Refusal | null {
  const now = Math.floor(context.clock() / 1000)
  const again = 'Sign a new authorization from an entry in accepts'
  if (authorization.to !== context.terms.payTo)
    return no(x402Errors.exactRecipient, 'The authorization pays another receiver', again)
  if (BigInt(authorization.value) < amount)
    return no(
      x402Errors.exactValue,
      `The authorization is over ${formatMoney(BigInt(authorization.value))}, the call costs ${formatMoney(amount)}`,
      again,
    )
  if (BigInt(authorization.validBefore) < BigInt(now + minValidSeconds(context.terms)))
    return no(
      x402Errors.exactValidBefore,
      'The authorization has expired, or may expire before the call is served and settled',
      again,
    )
  if (BigInt(authorization.validAfter) > BigInt(now))
    return no(x402Errors.exactValidAfter, 'The authorization is not valid yet', again)
  if (!isSignedBy(context.digests.transfer(authorization), signature, authorization.from))
    return no(x402Errors.exactSignature, 'The authorization is not signed by its payer', again)
  return null
}

/**
 * It is settled after the call, so it must outlive the longest one. Clients sign for maxTimeoutSeconds from
 * when they asked; half of it is left to them for their clocks and the way.
 */
function minValidSeconds({ maxTimeoutSeconds }: OfferTerms): number {
  return Math.ceil(maxTimeoutSeconds / 2)
}

async function findFundsFault(
  context: PayContext,
  authorization: Eip3009Authorization,
): Promise<Refusal | null> {
  const { from, nonce, value } = authorization
  const { payerBalance, used } = await context.chain.readAuthorization(from, nonce)
  if (used) return nonceUsed
  // What is owed includes this call.
  const owed = context.exact.owedBy(from) - BigInt(value)
  if (payerBalance >= owed + BigInt(value)) return null
  return no(
    x402Errors.exactBalance,
    `The payer holds ${formatMoney(payerBalance)} and owes ${formatMoney(owed)} for calls before this one`,
    'Add funds to the account',
  )
}

const nonceUsed: Refusal = {
  code: x402Errors.exactNonceUsed,
  message: 'This authorization was used before',
  hint: 'Sign one with a new nonce; to repeat a call for free, send the same Idempotency-Key',
}

function no(code: Refusal['code'], message: string, hint: string): Refusal {
  return { code, message, hint }
}

/** `transaction` is empty when the transfer is settled after the answer. */
function report(context: PayContext, payer: Hex, amount: bigint, transaction = '') {
  return {
    success: true,
    payer,
    transaction,
    network: context.terms.network,
    amount: amount.toString(),
  }
}
