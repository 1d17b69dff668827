import { bytesToHex, type Hex } from '@quoin/kernel'
import { privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'
import type { Ledger } from '@quoin/ledger'
import {
  type ChannelConfig,
  channelIdOf,
  PaymentRequired,
  type PaymentRequirements,
  voucherTypedData,
} from '@quoin/protocol'
import { hashTypedData, hexToBytes, type LocalAccount } from 'viem'
import { z } from 'zod'
import { sessionKey } from './keys.ts'
import { priceAtomic } from './protocol.ts'

/** A funded channel to one server, and the payments for its calls in order. */
export interface Purse {
  /** The header of the next call's payment. */
  next(): string
}

/** Asks the server what it wants, as any client does. */
export async function readOffer(url: string, body: string): Promise<Offered> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  const header = response.headers.get('PAYMENT-REQUIRED')
  if (header === null) throw new Error(`${url} answered ${response.status} without an offer`)
  const demand: unknown = JSON.parse(Buffer.from(header, 'base64').toString())
  const { accepts } = PaymentRequired.parse(demand)
  const index = accepts.findIndex(({ scheme }) => scheme === 'batch-settlement')
  const offer = accepts[index]
  if (!offer) throw new Error(`${url} does not take batch-settlement`)
  const raw = Demand.parse(demand).accepts[index]
  return { offer, raw }
}

const Demand = z.object({ accepts: z.array(z.unknown()) })

export interface Offered {
  offer: PaymentRequirements
  /** As it came: the stock server compares the echo letter by letter. */
  raw: unknown
}

export async function openPurse(
  ledger: Ledger,
  payer: LocalAccount,
  { offer, raw }: Offered,
  calls: number,
): Promise<Purse> {
  const lower = (address: string): Hex => `0x${address.slice(2).toLowerCase()}`
  const config: ChannelConfig = {
    payer: lower(payer.address),
    payerAuthorizer: privateKeyToAddress(sessionKey),
    receiver: offer.payTo,
    receiverAuthorizer: lower(String(offer.extra?.receiverAuthorizer)),
    token: offer.asset,
    withdrawDelay: Number(offer.extra?.withdrawDelay),
    salt: bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
  }
  await ledger.channels.open({ config, amount: BigInt(calls) * priceAtomic, payer })
  const channelId = channelIdOf(config, ledger.chainId)
  let signed = 0n
  return {
    next: () => {
      signed += priceAtomic
      const typed = voucherTypedData({ channelId, maxClaimableAmount: signed }, ledger.chainId)
      const signature = signatureToBytes(signHash(hexToBytes(hashTypedData(typed)), sessionKey))
      const voucher = {
        channelId,
        maxClaimableAmount: `${signed}`,
        signature: bytesToHex(signature),
      }
      const payment = {
        x402Version: 2,
        accepted: raw,
        payload: { type: 'voucher', channelConfig: config, voucher },
      }
      return Buffer.from(JSON.stringify(payment)).toString('base64')
    },
  }
}
