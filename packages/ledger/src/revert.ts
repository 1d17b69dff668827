import {
  creditAbi,
  eip3009CollectorAbi,
  licencesAbi,
  lineageAbi,
  receiptsAbi,
  registryAbi,
  sessionKeysAbi,
  settlementAbi,
  splitterAbi,
  stakingAbi,
  stakingProofsAbi,
} from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { decodeErrorResult, isHex } from 'viem'

/** A contract's refusal, in words. */
export interface Revert {
  /** The Solidity error's name, or null where the data is of no contract of ours. */
  error: string | null
  /** As in Solidity: `ClaimExceedsBalance(0x…, 5, 4)`. */
  text: string
  /** What to do about it; empty when we know nothing better. */
  hint: string
}

const errorsAbi = [
  ...creditAbi,
  ...eip3009CollectorAbi,
  ...licencesAbi,
  ...lineageAbi,
  ...receiptsAbi,
  ...registryAbi,
  ...sessionKeysAbi,
  ...settlementAbi,
  ...splitterAbi,
  ...stakingAbi,
  ...stakingProofsAbi,
].filter((entry) => entry.type === 'error')

const hints: Record<string, string> = {
  AlreadyRegistered: 'a validator’s key registers once; add stake to it, or make another key',
  AlreadyVoted: 'nothing more is to be done for it',
  AlreadyHeld: 'there is such a right already',
  AuthorizationAlreadyUsed: 'sign again with a new nonce or salt',
  AuthorizationExpired: 'sign again with a later validBefore',
  AuthorizationNotYetValid: 'wait, or sign with an earlier validAfter',
  BlsKeyTaken: 'make another validator key',
  ClaimExceedsBalance: 'claim at most what the channel holds',
  ClaimExceedsVoucher: 'claim at most what the payer signed',
  Convicted: 'it signed a contradiction and never validates again',
  ERC20InsufficientAllowance: 'approve the spender first',
  ERC20InsufficientBalance: 'the account needs more Credit',
  LastValidator: 'a chain needs a validator: another must join first',
  ListFull: 'another member must leave first',
  MovePending: 'wait until the stake that moved there answers for the other no more',
  NoConsent: 'sign the registration with the validator’s key, for this chain and operator',
  NotEnoughStake: 'quoin validator status shows how much there is',
  NotJailed: 'it may validate already',
  NotMember: 'only those on the list propose and vote',
  NotOperator: 'send it from the account that registered the validator',
  NotPossessed: 'sign the proof of possession with the validator’s BLS key, for this chain',
  ProposalOver: 'it passed, or is too old: propose it again',
  StakeTooSmall: 'quoin validator list --json shows the least stake',
  StillJailed: 'wait until its time is over',
  TooManyUnbondings: 'withdraw those that are over first',
  UnknownProposal: 'quoin validator proposals shows what there is',
  UnknownValidator: 'it must be registered first',
  WrongPolicy: 'this chain’s validators are made in another way',
  InvalidJobSignature:
    'the runner signs with a receipt signer of its own, over inputs and outputs in order',
  InvalidOrderSignature: 'sign the order with the channel’s voucher key',
  KeyNotDue: 'wait until the time in which the key must come is over',
  KeyPending: 'the content key must come first, or its time be over',
  NotForDownload: 'run the job at the data’s owner or a custodian, or buy a right to download',
  NotListed: 'ask the artifact’s owner to list the account',
  OfferIsClosed: 'look for another offer of the artifact',
  RightMissing: 'buy a right with that purpose: the artifact’s offers say what it costs',
  SharesExceedWhole:
    'the parents’ owners want more than all of the income: choose other rights or parents',
  SplitFixed: 'the artifact’s lineage decides who shares: leave the split out',
  UnknownRunner: 'register the runner as a provider first',
  WrongCumulative: 'read what is claimed of the channel, add the price, and sign again',
  InvalidAuthorizationSignature: 'check the signer, the chain id and the token’s EIP-712 domain',
  InvalidReceiverAuthorizerSignature: 'sign with the channel’s receiverAuthorizer',
  InvalidVoucherSignature: 'the voucher must be signed by the channel’s payerAuthorizer',
  NothingToRefund: 'all that the channel holds is claimed',
  NotReceiver: 'send it from the channel’s receiver or receiverAuthorizer',
  NotPayer: 'send it from the channel’s payer',
  SessionCapExceeded: 'the payer must authorize a higher cap',
  SessionExpired: 'the payer must authorize the session anew',
  UnknownArtifact: 'publish the artifact first',
  UnknownProvider: 'register the provider first',
  WithdrawNotMatured: 'wait until the channel’s withdrawDelay has passed',
  WrongEpoch: 'another anchor of this provider came first: read the epoch again',
  WrongRefundNonce: 'read the channel’s refundNonce and sign again',
}

/** What the revert data says. */
export function describeRevert(data: Hex): Revert {
  if (data === '0x') return { error: null, text: 'reverted without data', hint: '' }
  try {
    const decoded = decodeErrorResult({ abi: errorsAbi, data })
    // Solidity's own Error(string) and Panic(uint256) come back too, which the type does not say.
    const errorName: string = decoded.errorName
    const list = (decoded.args ?? []).map(String)
    const text = errorName === 'Error' ? (list[0] ?? '') : `${errorName}(${list.join(', ')})`
    return { error: errorName, text, hint: hints[errorName] ?? '' }
  } catch {
    return { error: null, text: `reverted with ${data.slice(0, 74)}`, hint: '' }
  }
}

/** The revert data somewhere in an error's chain of causes (nodes and viem put it in several places). */
export function findRevertData(error: unknown): Hex | null {
  let cause = error
  for (let depth = 0; depth < 8 && isObject(cause); depth++) {
    const { data } = cause
    if (isHex(data)) return data
    if (isObject(data) && isHex(data.data)) return data.data
    cause = cause.cause
  }
  return null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
