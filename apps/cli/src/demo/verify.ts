import type { SignedReceipt } from '@quoin/protocol'
import { verifyReceipt } from '@quoin/sdk'
import { cliError } from '../exit-codes.ts'
import type { Exchanged } from './exchange.ts'
import type { VerificationReport } from './report.ts'
import type { Stage } from './stage.ts'

/** One receipt against the chain, then the same with a lie in it, twice. */
export async function verify(stage: Stage, exchanged: Exchanged): Promise<VerificationReport> {
  const { ledger } = stage.consumer
  const [call] = exchanged.calls
  const [evidence] = exchanged.evidence
  if (!call || !evidence) throw cliError('CHECK_FAILED', 'There is no call to verify')
  const { receipt } = call
  const proof = exchanged.proofs.get(receipt.id) ?? null
  const { valid, checks } = await verifyReceipt(receipt, { ledger, proof, ...evidence })
  const forged = await Promise.all(
    forgeries(receipt).map(async ({ change, signed }) => {
      const result = await verifyReceipt(signed, { ledger, proof })
      const reasons = result.checks
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ check, detail }): [string, string] => [check, detail])
      return { change, refused: !result.valid, reasons }
    }),
  )
  return { receipt: receipt.id, valid, checks, forged }
}

function forgeries(signed: SignedReceipt): { change: string; signed: SignedReceipt }[] {
  const { receipt } = signed
  const amount = receipt.amount + 1n
  return [
    {
      change: 'one atomic unit more was charged',
      signed: { ...signed, receipt: { ...receipt, amount } },
    },
    {
      change: 'another answer was given',
      signed: { ...signed, receipt: { ...receipt, responseHash: receipt.requestHash } },
    },
  ]
}
