import type { Hex } from '@quoin/kernel'
import { readBalances } from '../client/balances.ts'
import type { Consumer } from '../client/consumer.ts'
import type { ModelEntry } from '../client/node-client.ts'
import type { Context } from '../context.ts'
import type { Balances, StepName, StepReport, TransactionFacts } from './report.ts'

/** What the steps share. */
export interface Stage {
  context: Context
  consumer: Consumer
  /** The node's operator token, by which the demo publishes, anchors and settles at once. */
  token: string
  model: ModelEntry
  provider: Hex
  channelId: Hex | null
}

/** What a step has done, before its costs and balances are looked up. */
export interface Deed {
  summary: string
  transactions: { doing: string; hash: Hex }[]
  creditsSpent: bigint
  detail: Record<string, unknown>
}

/** Runs one step between two looks at the balances. */
export async function runStep(
  stage: Stage,
  name: StepName,
  act: () => Promise<Deed>,
): Promise<StepReport> {
  stage.context.signal.throwIfAborted()
  stage.context.terminal.progress(`${name} …`)
  const before = await readAllBalances(stage)
  const { summary, transactions: sent, creditsSpent, detail } = await act()
  const [after, ...transactions] = await Promise.all([
    readAllBalances(stage),
    ...sent.map((transaction) => readTransaction(stage, transaction)),
  ])
  const feeOf = (address: Hex): bigint =>
    transactions.reduce((sum, { from, feeWei }) => sum + (isSame(from, address) ? feeWei : 0n), 0n)
  const cost = {
    payerFeeWei: feeOf(stage.consumer.account.address),
    providerFeeWei: feeOf(stage.provider),
    creditsSpent,
  }
  return { name, summary, transactions, cost, balances: { before, after }, detail }
}

async function readAllBalances({ consumer, provider, channelId }: Stage): Promise<Balances> {
  const { ledger, account } = consumer
  const of = (address: Hex) => readBalances(ledger, address)
  const channel = channelId ? ledger.channels.state(channelId) : null
  const [payer, seller, state] = await Promise.all([of(account.address), of(provider), channel])
  return { payer, escrow: state ? state.balance - state.totalClaimed : 0n, provider: seller }
}

async function readTransaction(
  { consumer }: Stage,
  { doing, hash }: { doing: string; hash: Hex },
): Promise<TransactionFacts> {
  const receipt = await consumer.ledger.client.getTransactionReceipt({ hash })
  const { from, blockNumber, gasUsed, effectiveGasPrice } = receipt
  return { doing, hash, from, blockNumber, gasUsed, feeWei: gasUsed * effectiveGasPrice }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
