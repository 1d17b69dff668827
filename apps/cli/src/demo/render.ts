import type { Consumer } from '../client/consumer.ts'
import { checkLines } from '../commands/receipt.ts'
import { formatCoin, formatCount, formatCredit } from '../output/amounts.ts'
import { renderFacts } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { padEnd, padStart, shortHex, wrap } from '../output/text.ts'
import type { Exchanged } from './exchange.ts'
import type {
  Assertion,
  Balances,
  StepReport,
  TransactionFacts,
  VerificationReport,
} from './report.ts'

const indent = '  '
const labelWidth = 11

/** Where the demo runs and who pays. */
export function renderStart(
  { consumer, startedHere }: { consumer: Consumer; startedHere: boolean },
  terminal: Terminal,
): void {
  const { node, info, account, isDevelopment } = consumer
  const whose = startedHere ? 'started for this demo' : 'which was running'
  terminal.line(`${terminal.style('bold', 'Quoin demo')} on a node ${whose}`)
  terminal.line()
  print(
    [
      ['gateway', `${node.url}  chain ${info.chainId}`],
      ['payer', `${account.address}${isDevelopment ? '  (development account)' : ''}`],
      ['provider', info.provider],
    ],
    terminal,
  )
  terminal.line()
}

/** A step as it ends: what it did, its transactions and costs, who has what before and after. */
export function renderStep(step: StepReport, terminal: Terminal): void {
  terminal.line(heading(step.name, step.summary, terminal))
  const { before, after } = step.balances
  const facts: [string, string][] = [
    ...step.transactions.map((transaction): [string, string] => [
      transaction.doing,
      describeTransaction(transaction),
    ]),
    ...changes(before, after),
  ]
  print(facts, terminal)
  terminal.line()
}

function heading(name: string, summary: string, terminal: Terminal): string {
  const [first = '', ...rest] = wrap(summary, Math.min(terminal.columns, 80) - labelWidth - 4)
  const lines = [`${terminal.style('bold', padEnd(name, labelWidth + 2))}${indent}${first}`]
  for (const line of rest) lines.push(`${' '.repeat(labelWidth + 4)}${line}`)
  return lines.join('\n')
}

function describeTransaction({ hash, gasUsed, feeWei, blockNumber }: TransactionFacts): string {
  const gas = padStart(formatCount(gasUsed), 7)
  return `${shortHex(hash, 10, 4)}  block ${formatCount(blockNumber)}  ${gas} gas  ${formatCoin(feeWei)} coins`
}

function changes(before: Balances, after: Balances): [string, string][] {
  const rows: [string, bigint, bigint][] = [
    ['payer', before.payer.credits, after.payer.credits],
    ['escrow', before.escrow, after.escrow],
    ['provider', before.provider.credits, after.provider.credits],
  ]
  return rows.map(([who, from, to]) => [
    who,
    from === to ? formatCredit(to) : `${formatCredit(from)} → ${formatCredit(to)}`,
  ])
}

function print(facts: [string, string][], terminal: Terminal): void {
  const dim = (text: string): string => terminal.style('dim', text)
  const layout = { styleLabel: dim, labelWidth, indent: indent.length }
  for (const line of renderFacts(facts, layout)) terminal.line(line)
}

/** The calls of the exchange with their receipts. */
export function renderCalls({ calls }: Exchanged, terminal: Terminal): void {
  for (const { prompt, answer, streamed, milliseconds, receipt } of calls) {
    const { unitsIn, unitsOut, amount } = receipt.receipt
    const room = Math.min(terminal.columns, 80) - labelWidth - 4
    const text = answer.replace(/\s+/g, ' ').trim()
    print(
      [
        [streamed ? 'streamed' : 'asked', prompt],
        ['answer', text.length > room ? `${text.slice(0, room - 1)}…` : text],
        [
          'receipt',
          `${shortHex(receipt.id, 10, 4)}  ${unitsIn} in, ${unitsOut} out  ${formatCredit(amount)}  ${milliseconds.toFixed(0)} ms`,
        ],
      ],
      terminal,
    )
    terminal.line()
  }
}

export function renderVerification(verification: VerificationReport, terminal: Terminal): void {
  const { receipt, checks, forged, trust, trusted } = verification
  const how = trust.kind === 'proof' ? 'by proof, trusting no server' : 'as its node tells it'
  terminal.line(
    heading('verify', `Receipt ${shortHex(receipt)} against the chain, ${how}`, terminal),
  )
  for (const line of checkLines(checks, terminal)) terminal.line(line)
  terminal.line()
  const basis =
    trust.kind === 'proof'
      ? `Proven: all that was read of the chain, up to block ${formatCount(trust.height)}, from ${trusted} on.`
      : `Believed: ${trusted}. Proof of work has no certificates that a light client could check.`
  for (const line of wrap(basis, Math.min(terminal.columns, 80) - 2)) terminal.line(indent + line)
  terminal.line()
  for (const { change, refused, reasons } of forged) {
    const mark = refused
      ? terminal.style('green', '✓ refused')
      : terminal.style('red', '✗ accepted')
    terminal.line(`${indent}${mark}, had it said that ${change}:`)
    const columns = Math.max(terminal.columns, 80)
    const layout = { indent: 4, columns, labelWidth: 9 }
    for (const line of renderFacts(reasons, layout)) terminal.line(line)
  }
  terminal.line()
}

export function renderEnd(assertions: Assertion[], seconds: number, terminal: Terminal): void {
  for (const { statement, holds } of assertions) {
    const mark = holds ? terminal.style('green', '✓') : terminal.style('red', '✗')
    terminal.line(`${indent}${mark} ${statement}`)
  }
  terminal.line()
  terminal.line(terminal.style('dim', `Done in ${seconds.toFixed(1)} s`))
}
