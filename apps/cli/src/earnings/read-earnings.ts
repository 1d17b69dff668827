import { entitledAtomic } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { Ledger, SplitEarnings } from '@quoin/ledger'

/** What one payee has from one source. */
export interface Income extends SplitEarnings {
  /** CID of the payee where it is an artifact; null: the account itself. */
  payeeCid: string | null
  source:
    | { kind: 'service'; cid: string; provider: Hex; names: string[] }
    | { kind: 'licences'; cid: string }
    | { kind: 'split' }
  /** The payee's part of what still lies in the till. */
  comingAtomic: bigint
}

export interface AccountEarnings {
  account: Hex
  token: Hex
  incomes: Income[]
  /** From services whose income nobody shares: claimed from channels, and what of it was paid out. */
  direct: { claimed: bigint; settled: bigint }
}

/** All that an account earns: by itself, and by each artifact that it owns now. */
export async function readEarnings(ledger: Ledger, account: Hex): Promise<AccountEarnings> {
  const token = ledger.addresses.credit
  const payees = await ledger.earnings.payees(account)
  const found = await Promise.all(payees.map((payee) => ledger.earnings.ofPayee(payee, token)))
  const incomes = await Promise.all(found.flat().map((one) => toIncome(ledger, one)))
  const direct = await ledger.channels.receiver(account, token)
  return { account, token, incomes, direct }
}

async function toIncome(ledger: Ledger, earned: SplitEarnings): Promise<Income> {
  const { payee, basisPoints, payments, tillAtomic, lineage } = earned
  const received = payments.reduce((sum, { amountAtomic }) => sum + amountAtomic, 0n)
  const comingAtomic =
    entitledAtomic(received + tillAtomic, basisPoints) - entitledAtomic(received, basisPoints)
  const isArtifact = payee.length === 66
  const payeeCid = isArtifact ? await cidOf(ledger, payee) : null
  return { ...earned, payeeCid, comingAtomic, source: await sourceOf(ledger, lineage, earned) }
}

async function sourceOf(
  ledger: Ledger,
  lineage: SplitEarnings['lineage'],
  { splitId }: SplitEarnings,
): Promise<Income['source']> {
  if (lineage === null) return { kind: 'split' }
  const cid = await cidOf(ledger, lineage.artifact)
  const { provider } = lineage
  if (provider === null) return { kind: 'licences', cid }
  const services = await ledger.registry.services({ provider })
  const names = services.filter(({ split }) => split === splitId).map(({ name }) => name)
  return { kind: 'service', cid, provider, names: [...new Set(names)] }
}

async function cidOf(ledger: Ledger, id: Hex): Promise<string> {
  return (await ledger.registry.artifact(id))?.cid ?? id
}
