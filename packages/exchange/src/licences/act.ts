import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type LicenceTerms, purposes } from '@quoin/ledger'
import { z } from 'zod'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { exchangeError } from '../errors.ts'

const hexOf = (bytes: number) =>
  z.custom<Hex>(
    (value) =>
      typeof value === 'string' && value.length === 2 + 2 * bytes && /^0x[0-9a-fA-F]*$/.test(value),
    `must be ${bytes} bytes in hexadecimal`,
  )
const seconds = z
  .int()
  .min(1)
  .max(2 ** 31)
const cid = z.string().min(8).max(128)

/** What an owner does about licences. */
export const licenceActionSchema = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('offer'),
    cid,
    purposes: z.array(z.enum(purposes)).min(1).max(4),
    /** Atomic units of Credit. */
    priceAtomic: z.string().regex(/^\d{1,28}$/),
    isPerUse: z.boolean().default(false),
    royaltyBasisPoints: z.int().min(0).max(10_000).default(0),
    durationSeconds: seconds.nullable().default(null),
    /** How long the price waits for the content key; where it is encrypted and may be downloaded. */
    keyWithinSeconds: seconds.nullable().default(86_400),
    isTransferable: z.boolean().default(false),
    isRevocable: z.boolean().default(false),
    /** Only these may buy. */
    buyers: z.array(hexOf(20)).max(100).default([]),
    textHash: hexOf(32).default(`0x${'0'.repeat(64)}`),
  }),
  z.strictObject({ action: z.literal('close'), offerId: hexOf(32) }),
  z.strictObject({ action: z.literal('revoke'), offerId: hexOf(32), holder: hexOf(20) }),
  z.strictObject({
    action: z.literal('custodian'),
    cid,
    custodian: hexOf(20),
    isNamed: z.boolean(),
  }),
])
export type LicenceAction = z.output<typeof licenceActionSchema>

export interface LicenceActed {
  transaction: Hex
  offerId?: Hex
}

/** Does it on the chain, from the node's account. @throws CodedError `CALL_REVERTED` and others of the ledger */
export async function actOnLicences(
  { ledger, catalogue }: { ledger: Ledger; catalogue: Catalogue },
  action: LicenceAction,
): Promise<LicenceActed> {
  const { licences } = ledger
  switch (action.action) {
    case 'offer':
      return offer(ledger, catalogue, action)
    case 'close':
      return { transaction: (await licences.closeOffer(action.offerId)).transactionHash }
    case 'revoke':
      return revoke(ledger, action)
    case 'custodian': {
      const artifact = artifactIdOf(action.cid)
      return { transaction: (await licences.setCustodian(artifact, action)).transactionHash }
    }
  }
}

async function offer(
  ledger: Ledger,
  catalogue: Catalogue,
  order: Extract<LicenceAction, { action: 'offer' }>,
): Promise<LicenceActed> {
  const { cid, action: _, buyers, priceAtomic, keyWithinSeconds, ...rest } = order
  const record = catalogue.find(cid)
  if (record?.role !== 'owner')
    throw exchangeError('ARTIFACT_UNKNOWN', `This node did not publish ${cid}: quoin data list`)
  const awaitsKey = record.isEncrypted && order.purposes.includes('download')
  const terms: LicenceTerms = {
    ...rest,
    priceAtomic: BigInt(priceAtomic),
    token: ledger.addresses.credit,
    keyWithinSeconds: awaitsKey ? keyWithinSeconds : null,
    isListed: buyers.length > 0,
  }
  const { offerId, transactionHash } = await ledger.licences.openOffer(artifactIdOf(cid), terms)
  for (const account of buyers)
    await ledger.licences.listBuyer(offerId, { account, isListed: true })
  return { transaction: transactionHash, offerId }
}

/** The owner pays for the unused part: at most what is left of the right at its price. */
async function revoke(
  ledger: Ledger,
  { offerId, holder }: { offerId: Hex; holder: Hex },
): Promise<LicenceActed> {
  const { licences, credit, addresses } = ledger
  const [found, right] = await Promise.all([
    licences.offer(offerId),
    licences.right(offerId, holder),
  ])
  if (!found || !right)
    throw exchangeError('RIGHT_MISSING', `${holder} has no right under the offer ${offerId}`)
  const { priceAtomic, durationSeconds, isPerUse } = found.terms
  const leftSeconds = Math.max(0, (right.expiresAt ?? 0) - Math.floor(Date.now() / 1000))
  const units = isPerUse
    ? right.balance
    : BigInt(Math.ceil(leftSeconds / (durationSeconds ?? 1)) + 1)
  await credit.approve(addresses.licences, priceAtomic * units)
  try {
    return { transaction: (await licences.revoke(offerId, holder)).transactionHash }
  } finally {
    await credit.approve(addresses.licences, 0n)
  }
}
