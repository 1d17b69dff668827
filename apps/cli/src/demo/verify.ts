import { CodedError } from '@quoin/kernel'
import type { SignedReceipt } from '@quoin/protocol'
import { type VerifyOptions, verifyReceipt } from '@quoin/sdk'
import { findRpcUrl } from '../client/endpoints.ts'
import { openLightChain } from '../client/light-chain.ts'
import { cliError } from '../exit-codes.ts'
import type { Exchanged } from './exchange.ts'
import type { VerificationReport } from './report.ts'
import type { Stage } from './stage.ts'

/** One receipt against the chain, then the same with a lie in it, twice. */
export async function verify(stage: Stage, exchanged: Exchanged): Promise<VerificationReport> {
  stage.context.terminal.progress('verify …')
  const { chain, trusted } = await openChain(stage)
  const [call] = exchanged.calls
  const [evidence] = exchanged.evidence
  if (!call || !evidence) throw cliError('CHECK_FAILED', 'There is no call to verify')
  const { receipt } = call
  const proof = exchanged.proofs.get(receipt.id) ?? null
  const { valid, checks, trust } = await verifyReceipt(receipt, { ...chain, proof, ...evidence })
  const forged = await Promise.all(
    forgeries(receipt).map(async ({ change, signed }) => {
      const result = await verifyReceipt(signed, { ...chain, proof })
      const reasons = result.checks
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ check, detail }): [string, string] => [check, detail])
      return { change, refused: !result.valid, reasons }
    }),
  )
  return { receipt: receipt.id, valid, checks, trust, trusted, forged }
}

interface Reading {
  chain: Pick<VerifyOptions, 'chain' | 'isFirstUse' | 'ledger'>
  /** In words. */
  trusted: string
}

/** By a light client that proves what it reads; where blocks carry no certificates the node is believed. */
async function openChain({ context, consumer }: Stage): Promise<Reading> {
  const { values: settings } = await context.settings()
  const rpcUrl = await findRpcUrl(settings)
  try {
    const options = { rpcUrl, trustingDays: undefined }
    const { chain, isFirstUse, origin } = await openLightChain(settings, options)
    return { chain: { chain, isFirstUse }, trusted: origin }
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'NOT_VERIFIABLE') throw error
    return { chain: { ledger: consumer.ledger }, trusted: `the node at ${rpcUrl}` }
  }
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
