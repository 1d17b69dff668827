import { privateKeyToAddress } from '@quoin/keys'
import type { PayoutClaim } from '@quoin/ledger'
import { openAccountKey, openPayer } from '../client/consumer.ts'
import { findRpcUrl } from '../client/endpoints.ts'
import { openLightChain } from '../client/light-chain.ts'
import { openLedger } from '../client/open-ledger.ts'
import { findParty, type Party } from '../client/party.ts'
import type { Context } from '../context.ts'
import { provePayments } from '../earnings/prove-payments.ts'
import { type AccountEarnings, type Income, readEarnings } from '../earnings/read-earnings.ts'
import { formatCount, formatCredit } from '../output/amounts.ts'
import { patiently } from '../output/patience.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { shortHex } from '../output/text.ts'

export interface EarningsOptions {
  /** An address or a name; null: the account that pays here. */
  who: string | null
  payments: boolean
  /** Prove each payment from the block certificates. */
  verify: boolean
}

export async function showEarnings(context: Context, options: EarningsOptions): Promise<void> {
  const { values: settings } = await context.settings()
  const rpcUrl = await findRpcUrl(settings)
  const party = await partyOf(context, options.who)
  await using ledger = await openLedger(rpcUrl)
  context.terminal.progress('Reading the chain …')
  const earnings = await readEarnings(ledger, party.address)
  const light = options.verify
    ? await openLightChain(settings, { rpcUrl, trustingDays: undefined })
    : null
  const proven = light && (await provePayments(light.chain, ledger.addresses.splitter, earnings))
  const { terminal } = context
  terminal.document({ ...earnings, name: party.name, totals: totalsOf(earnings), proven })
  showTotals(party, earnings, terminal)
  if (earnings.incomes.length > 0) terminal.line()
  for (const line of incomeLines(earnings.incomes, terminal)) terminal.line(line)
  if (options.payments) showPayments(earnings.incomes, terminal)
  if (light && proven !== null) {
    terminal.line()
    terminal.line(
      terminal.style('green', `All ${formatCount(proven)} payments are proven by their blocks.`),
    )
    terminal.line(`Trusted: ${light.origin}, and more than two thirds of the validators since.`)
  }
}

/** Empties the tills and pays an account all that it is owed, in one transaction; anyone may send it. */
export async function withdrawEarnings(
  context: Context,
  { who }: { who: string | null },
): Promise<void> {
  const { terminal } = context
  const party = await partyOf(context, who)
  await using payer = await openPayer(context)
  const { ledger } = payer
  terminal.progress('Reading the chain …')
  const { incomes, token } = await readEarnings(ledger, party.address)
  const claims = claimsOf(incomes)
  if (claims.length === 0) {
    terminal.document({ account: party.address, amount: 0n, transactionHash: null })
    terminal.line(`Nothing is owed to ${party.name ?? party.address}.`)
    return
  }
  const tills = incomes.filter(({ comingAtomic }) => comingAtomic > 0n)
  const order = { tills: [...new Set(tills.map(({ splitId }) => splitId))], claims }
  terminal.progress('Paying out …')
  const paid = await patiently(terminal, ledger.earnings.payOut(order, token))
  const { amount, transactionHash, blockNumber, gasUsed } = paid
  terminal.document({ account: party.address, amount, transactionHash, blockNumber, gasUsed })
  terminal.line(`${formatCredit(amount)} went to ${party.name ?? party.address}`)
  terminal.line(
    terminal.style('dim', `Transaction ${transactionHash}, ${formatCount(gasUsed)} gas`),
  )
}

/** One claim a payee, for all of its splits that have something for it. */
function claimsOf(incomes: readonly Income[]): PayoutClaim[] {
  const due = incomes.filter(({ owedAtomic, comingAtomic }) => owedAtomic + comingAtomic > 0n)
  const byPayee = Map.groupBy(due, ({ payee }) => payee)
  return [...byPayee].map(([payee, of]) => ({ payee, splitIds: of.map(({ splitId }) => splitId) }))
}

async function partyOf(context: Context, who: string | null): Promise<Party> {
  const { values: settings } = await context.settings()
  const name = who ?? settings.account ?? 'development'
  if (name === 'node') {
    const key = await openAccountKey(context, name)
    return { name, address: privateKeyToAddress(key) }
  }
  return findParty(name, settings.dataDir)
}

function totalsOf({ incomes, direct }: AccountEarnings) {
  const sum = (of: (income: Income) => bigint) =>
    incomes.reduce((total, income) => total + of(income), 0n)
  return {
    earnedAtomic: sum(({ earnedAtomic }) => earnedAtomic),
    withdrawnAtomic: sum(({ withdrawnAtomic }) => withdrawnAtomic),
    owedAtomic: sum(({ owedAtomic }) => owedAtomic),
    comingAtomic: sum(({ comingAtomic }) => comingAtomic),
    directAtomic: direct.claimed,
  }
}

function showTotals(party: Party, earnings: AccountEarnings, terminal: Terminal): void {
  const totals = totalsOf(earnings)
  const facts: [string, string][] = [
    ['Account', party.name ? `${party.name}  ${party.address}` : party.address],
    ['Earned', formatCredit(totals.earnedAtomic)],
    ['Paid out', formatCredit(totals.withdrawnAtomic)],
    ['Owed', formatCredit(totals.owedAtomic + totals.comingAtomic)],
  ]
  if (totals.directAtomic > 0n)
    facts.push(['Unshared', `${formatCredit(totals.directAtomic)} from services of its own`])
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
}

function incomeLines(incomes: readonly Income[], terminal: Terminal): string[] {
  if (incomes.length === 0) return []
  const columns = [
    { title: 'From' },
    { title: 'For' },
    ...['Share', 'Earned', 'Paid out', 'Owed'].map((title) => ({
      title,
      align: 'right' as const,
    })),
  ]
  const rows = incomes.map((income) => [
    sourceText(income.source),
    income.payeeCid === null ? 'itself' : shortCid(income.payeeCid),
    `${(income.basisPoints / 100).toFixed(2)}%`,
    formatCredit(income.earnedAtomic),
    formatCredit(income.withdrawnAtomic),
    formatCredit(income.owedAtomic + income.comingAtomic),
  ])
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}

function sourceText(source: Income['source']): string {
  if (source.kind === 'split') return 'a split'
  if (source.kind === 'licences') return `licences to ${shortCid(source.cid)}`
  return `calls of ${source.names.join(', ') || shortCid(source.cid)}`
}

function showPayments(incomes: readonly Income[], terminal: Terminal): void {
  for (const { source, payments } of incomes) {
    if (payments.length === 0) continue
    terminal.line()
    terminal.line(sourceText(source))
    const rows = payments.map(({ blockNumber, amountAtomic, earnedAtomic, transactionHash }) => [
      `${blockNumber}`,
      formatCredit(amountAtomic),
      formatCredit(earnedAtomic),
      transactionHash,
    ])
    const columns = [
      { title: 'Block', align: 'right' as const },
      { title: 'Came in', align: 'right' as const },
      { title: 'Of that', align: 'right' as const },
      { title: 'Transaction' },
    ]
    for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
      terminal.line(`  ${line}`)
  }
}

/** A CID's start and end: enough to know it again. */
function shortCid(cid: string): string {
  return cid.startsWith('0x') ? shortHex(cid) : `${cid.slice(0, 8)}…${cid.slice(-4)}`
}
