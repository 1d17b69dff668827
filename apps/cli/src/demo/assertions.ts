import type { Exchanged } from './exchange.ts'
import type { Assertion, StepReport, VerificationReport } from './report.ts'

/** What must hold when all is done: no Credit was made or lost, and what was proven is what was paid. */
export function assertionsOf(
  steps: StepReport[],
  exchanged: Exchanged,
  verification: VerificationReport,
): Assertion[] {
  const first = steps[0]?.balances.before
  const last = steps.at(-1)?.balances.after
  if (!first || !last) return [{ statement: 'The demo has run', holds: false }]
  const charged = exchanged.calls.reduce((sum, { receipt }) => sum + receipt.receipt.amount, 0n)
  const spent = first.payer.credits - last.payer.credits
  const settled = steps.find(({ name }) => name === 'settle')?.cost.creditsSpent
  return [
    { statement: 'The payer spent exactly what its receipts say', holds: spent === charged },
    { statement: 'The provider claimed exactly what its receipts say', holds: settled === charged },
    { statement: 'Nothing is left in escrow', holds: last.escrow === 0n },
    {
      statement: 'The provider has at least that much more',
      holds: last.provider.credits - first.provider.credits >= charged,
    },
    { statement: 'The receipt is right by the chain', holds: verification.valid },
    {
      statement: 'Each forged receipt is refused',
      holds: verification.forged.every(({ refused }) => refused),
    },
  ]
}
