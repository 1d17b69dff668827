import type { LedgerContext } from '../context.ts'
import { createKeys } from '../licences/keys.ts'
import { createOffers } from '../licences/offers.ts'
import { createPurchases, type Purchases } from '../licences/purchases.ts'
import { createRights } from '../licences/rights.ts'
import { createSales } from '../licences/sales.ts'

export type Licences = ReturnType<typeof createLicences>

/** Licences to artifacts: offers, purchases, rights, and the delivery of content keys. */
export function createLicences(context: LedgerContext) {
  const purchases: Purchases = createPurchases(context)
  return {
    ...createOffers(context),
    ...purchases,
    ...createRights(context),
    ...createKeys(context),
    ...createSales(context),
  }
}
