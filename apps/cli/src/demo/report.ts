import type { Hex } from '@quoin/kernel'
import type { SignedReceipt } from '@quoin/protocol'
import type { Check, Verification } from '@quoin/sdk'

/** A transaction of the demo, with what it cost whoever sent it. */
export interface TransactionFacts {
  doing: string
  hash: Hex
  from: Hex
  blockNumber: bigint
  gasUsed: bigint
  feeWei: bigint
}

/** Who has what. Credits in atomic units, coins in wei. */
export interface Balances {
  payer: { credits: bigint; coins: bigint }
  /** What the channel holds and nobody has claimed; zero before there is one. */
  escrow: bigint
  provider: { credits: bigint; coins: bigint }
}

/** The steps of the nine that this version does; each is named by its verb. */
export type StepName = 'deploy' | 'freeze' | 'authorize' | 'exchange' | 'settle'

export interface CallReport {
  prompt: string
  answer: string
  streamed: boolean
  milliseconds: number
  receipt: SignedReceipt
}

export interface StepReport {
  name: StepName
  /** What happened, in one sentence. */
  summary: string
  transactions: TransactionFacts[]
  cost: {
    /** Paid by the payer for gas in this step. */
    payerFeeWei: bigint
    /** Paid by the provider for gas in this step. */
    providerFeeWei: bigint
    /** What left the payer's Credits for good in this step. */
    creditsSpent: bigint
  }
  balances: { before: Balances; after: Balances }
  /** Facts of this step alone. */
  detail: Record<string, unknown>
}

export interface VerificationReport {
  receipt: Hex
  valid: boolean
  checks: Check[]
  /** What the checks rest on, and in words where that begins. */
  trust: Verification['trust']
  trusted: string
  forged: {
    change: string
    refused: boolean
    /** The checks that failed, with what they saw. */
    reasons: [check: string, detail: string][]
  }[]
}

/** Something that must hold at the end; the demo fails when one does not. */
export interface Assertion {
  statement: string
  holds: boolean
}

export interface DemoReport {
  ok: boolean
  version: string
  node: {
    gatewayUrl: string
    rpcUrl: string
    chainId: number
    provider: string
    startedHere: boolean
  }
  payer: Hex
  model: string
  steps: StepReport[]
  verification: VerificationReport
  assertions: Assertion[]
  seconds: number
}
