import { setTimeout as pause } from 'node:timers/promises'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { createPrivateKey } from '@quoin/keys'
import { createLedger, type Ledger } from '@quoin/ledger'
import {
  type ChannelConfig,
  channelIdOf,
  encodeJsonHeader,
  hashRequest,
  PaymentRequired,
  type PaymentRequirements,
  voucherTypedData,
} from '@quoin/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import type { Admission, CallRequest, Market, PaidCall } from '../interface.ts'
import { payerAccount, type TestChain } from './anvil.ts'

const serviceId: Hex = `0x${'5e'.repeat(32)}`

/** A payer that signs exactly what a test tells it to, with a session key of its own. */
export interface VoucherPayer extends AsyncDisposable {
  config: ChannelConfig
  channelId: Hex
  ledger: Ledger
  deposit(amount: bigint): Promise<void>
  header(
    max: bigint,
    change?: { accepted?: bigint; signature?: Hex; type?: 'voucher' | 'refund' },
  ): Promise<string>
}

export async function createVoucherPayer(
  chain: TestChain,
  market: Market,
  index: number,
  payTo?: Hex,
): Promise<VoucherPayer> {
  const account = payerAccount(index)
  const session = privateKeyToAccount(bytesToHex(createPrivateKey()))
  const offer = await batchOffer(market, payTo)
  const lower = (address: string): Hex => `0x${address.slice(2).toLowerCase()}`
  const config: ChannelConfig = {
    payer: lower(account.address),
    payerAuthorizer: lower(session.address),
    receiver: offer.payTo,
    receiverAuthorizer: lower(String(offer.extra?.receiverAuthorizer)),
    token: offer.asset,
    withdrawDelay: Number(offer.extra?.withdrawDelay),
    salt: bytesToHex(createPrivateKey()),
  }
  const { chainId, rpcUrl } = chain
  const channelId = channelIdOf(config, chainId)
  const ledger = createLedger({ rpcUrl, chainId, account })
  return {
    config,
    channelId,
    ledger,
    deposit: async (amount) => {
      await ledger.channels.open({ config, amount, payer: account })
    },
    header: async (max, change = {}) => {
      const voucher = { channelId, maxClaimableAmount: max }
      const signature =
        change.signature ?? (await session.signTypedData(voucherTypedData(voucher, chainId)))
      return encodeJsonHeader({
        x402Version: 2,
        accepted: { ...offer, amount: `${change.accepted ?? 1000n}` },
        payload: {
          type: change.type ?? 'voucher',
          channelConfig: config,
          voucher: { channelId, maxClaimableAmount: `${max}`, signature },
        },
      })
    },
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  }
}

async function batchOffer(market: Market, payTo?: Hex): Promise<PaymentRequirements> {
  const admission = await market.admit(callRequest({ body: 'price?', ...(payTo && { payTo }) }))
  const { accepts } = PaymentRequired.parse(refusalOf(admission).demand)
  const offer = accepts.find(({ scheme }) => scheme === 'batch-settlement')
  if (!offer) throw new Error('no batch-settlement offer')
  return offer
}

export interface CallWish {
  body: string
  header?: string
  key?: string
  ceiling?: bigint
  service?: Hex
  payTo?: Hex
  signal?: AbortSignal
}

export function callRequest(wish: CallWish): CallRequest {
  return {
    serviceId: wish.service ?? serviceId,
    modelCid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    runtimeId: `0x${'a1'.repeat(32)}`,
    resource: { url: 'http://provider.test/v1', description: 'A call', mimeType: 'text/plain' },
    ceilingAtomic: wish.ceiling ?? 1000n,
    ...(wish.payTo && { payTo: wish.payTo }),
    ...(wish.header === undefined ? {} : { paymentHeader: wish.header }),
    ...(wish.key === undefined ? {} : { idempotencyKey: wish.key }),
    requestHash: hashRequest(wish.body),
    signal: wish.signal ?? new AbortController().signal,
  }
}

export function finish(call: PaidCall, body: string, amountAtomic = 700n) {
  return call.finish({
    amountAtomic,
    unitsIn: 3,
    unitsOut: body.length,
    status: 200,
    contentType: 'text/plain',
    body: Buffer.from(body),
  })
}

export function callOf(admission: Admission): PaidCall {
  if (admission.kind === 'admitted') return admission.call
  throw new Error(`not admitted: ${JSON.stringify(admission)}`)
}

/** The 402's PAYMENT-REQUIRED and what the body says to people. */
export function refusalOf(admission: Admission): {
  status: number
  demand: unknown
  code: unknown
  message: string
} {
  if (admission.kind !== 'refused') throw new Error(`not refused: ${admission.kind}`)
  const header = admission.headers['PAYMENT-REQUIRED']
  const demand: unknown =
    header === undefined ? null : JSON.parse(Buffer.from(header, 'base64').toString('utf8'))
  const text = JSON.stringify(admission.body)
  const { error } = JSON.parse(text)
  return { status: admission.status, demand, code: error.code, message: String(error.message) }
}

/** Polls until the condition holds. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await pause(20)
  }
}
