import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys/hash'
import type { Ledger } from '@quoin/ledger'
import type { TrustRoot, VerifiedChain } from '@quoin/light'
import {
  hashRequest,
  hashResponse,
  hashStream,
  isReceiptIncluded,
  parseSseData,
  type ReceiptProof,
  receiptIdOf,
  type SignedReceipt,
} from '@quoin/protocol'
import { keccak256, stringToBytes } from 'viem'
import { openProvenChain, provenChain } from './proven-chain.ts'
import { believedChain, type ReceiptChain, type TrustStatement } from './receipt-chain.ts'

export interface VerifyOptions {
  /** A light client's chain: everything is proven from its root of trust. */
  chain?: VerifiedChain
  /** Without `isFirstUse` the root of `chain` counts as known beforehand. */
  isFirstUse?: boolean
  /** Or the URL of any node, over which a light client is opened. */
  rpcUrl?: string
  chainId?: number
  /** Where trust begins: a genesis id or a checkpoint. Left out, the genesis that the node names is trusted. */
  root?: TrustRoot
  /** Or a ledger, whose node is believed: your own, or one of a chain without certificates. */
  ledger?: Ledger
  /** The Merkle path and the anchor it leads to; without it only the signature is checked. */
  proof?: ReceiptProof | null
  /** The body that was sent, as JSON. */
  request?: unknown
  /** The exact bytes of the answer; the text of an event stream when it was streamed. */
  response?: Uint8Array | { stream: string }
}

export type CheckName =
  | 'id'
  | 'model'
  | 'signature'
  | 'provider'
  | 'service'
  | 'request'
  | 'response'
  | 'proof'
  | 'anchor'

export interface Check {
  check: CheckName
  outcome: 'passed' | 'failed' | 'skipped'
  /** What was seen, in one clause. */
  detail: string
}

export interface Verification {
  /** No check failed. `skipped` says what was not looked at. */
  valid: boolean
  checks: Check[]
  /** What the checks rest on. */
  trust: TrustStatement
}

/**
 * Checks a receipt against the chain, trusting no server: that it is what was signed, that its provider is
 * registered and signed it, that it is for this request and this answer, and that the chain holds its anchor.
 * @throws CodedError of the light client when the chain cannot be read or a node lies about it: `SERVER_LIED`,
 * `SERVER_FAILED`, `TRUST_EXPIRED`, …; `RPC_UNREACHABLE` with `ledger`. A forged receipt is a result, no error.
 */
export async function verifyReceipt(
  receipt: SignedReceipt,
  options: VerifyOptions,
): Promise<Verification> {
  const chain = await openChain(options)
  const local = [
    checkId(receipt, chain),
    checkModel(receipt),
    checkRequest(receipt, options.request),
    checkResponse(receipt, options.response),
  ]
  const onChain = await Promise.all([
    checkSignature(receipt, chain),
    checkProvider(receipt, chain),
    checkService(receipt, chain),
  ])
  const anchored = await checkAnchor(receipt, options.proof ?? null, chain)
  const checks = [...local, ...onChain, ...anchored].sort((a, b) => rank(a) - rank(b))
  const { trust } = chain
  return { valid: checks.every(({ outcome }) => outcome !== 'failed'), checks, trust }
}

async function openChain(options: VerifyOptions): Promise<ReceiptChain> {
  const { chain, ledger, rpcUrl, root, chainId, isFirstUse = false } = options
  if (chain) return provenChain(chain, { isFirstUse })
  if (ledger) return believedChain(ledger)
  if (rpcUrl === undefined)
    throw new CodedError('CONFIGURATION', 'Give the receipt’s chain: `chain`, `rpcUrl` or `ledger`')
  return openProvenChain({
    rpcUrl,
    ...(root && { root }),
    ...(chainId !== undefined && { chainId }),
  })
}

const order: CheckName[] = [
  'id',
  'signature',
  'provider',
  'service',
  'model',
  'request',
  'response',
  'proof',
  'anchor',
]

const rank = ({ check }: Check): number => order.indexOf(check)

function judge(
  check: CheckName,
  passed: boolean,
  detail: { passed: string; failed: string },
): Check {
  return passed
    ? { check, outcome: 'passed', detail: detail.passed }
    : { check, outcome: 'failed', detail: detail.failed }
}

function checkId({ id, receipt }: SignedReceipt, chain: ReceiptChain): Check {
  return judge('id', receiptIdOf(receipt, chain) === id.toLowerCase(), {
    passed: 'the id is the hash of the receipt on this chain',
    failed: 'the id is not the hash of the receipt on this chain: something in it was changed',
  })
}

function checkModel({ modelCid, receipt }: SignedReceipt): Check {
  return judge('model', keccak256(stringToBytes(modelCid)) === receipt.modelCidHash, {
    passed: modelCid,
    failed: `the CID ${modelCid} is not the one whose hash was signed`,
  })
}

function checkRequest({ receipt }: SignedReceipt, request: unknown): Check {
  if (request === undefined)
    return { check: 'request', outcome: 'skipped', detail: 'the request was not given' }
  return judge('request', hashRequest(request) === receipt.requestHash, {
    passed: 'it is for this request',
    failed: 'it is for another request',
  })
}

function checkResponse({ receipt }: SignedReceipt, response: VerifyOptions['response']): Check {
  if (response === undefined)
    return { check: 'response', outcome: 'skipped', detail: 'the answer was not given' }
  const hash =
    response instanceof Uint8Array
      ? hashResponse(response)
      : hashStream(parseSseData(response.stream))
  return judge('response', hash === receipt.responseHash, {
    passed: 'it is for this answer',
    failed: 'it is for another answer',
  })
}

async function checkSignature(signed: SignedReceipt, chain: ReceiptChain): Promise<Check> {
  const { receipt, signature } = signed
  const signer = signerOf(receiptIdOf(receipt, chain), signature)
  const isSigned = signer !== null && (await chain.isReceiptSigner(receipt.provider, signer))
  return judge('signature', isSigned, {
    passed: `signed by ${receipt.provider}`,
    failed: `not signed by ${receipt.provider} nor by a key that it registered`,
  })
}

/** As the Receipts contract recovers it: null for a signature of another form (OpenZeppelin's ECDSA). */
function signerOf(id: Hex, signature: Hex): Hex | null {
  try {
    return recoverAddress(hexToBytes(id), hexToBytes(signature))
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}

async function checkProvider({ receipt }: SignedReceipt, chain: ReceiptChain): Promise<Check> {
  const provider = await chain.provider(receipt.provider)
  return judge('provider', provider !== null, {
    passed: `registered on the chain, at ${provider?.endpoint}`,
    failed: `${receipt.provider} is not registered on the chain`,
  })
}

async function checkService({ receipt }: SignedReceipt, chain: ReceiptChain): Promise<Check> {
  const service = await chain.service(receipt.serviceId)
  const right =
    service !== null &&
    service.provider.toLowerCase() === receipt.provider.toLowerCase() &&
    service.artifact === receipt.modelCidHash
  return judge('service', right, {
    passed: `'${service?.name}' of this provider sells this model`,
    failed: service
      ? `service '${service.name}' is of another provider or model`
      : 'there is no such service on the chain',
  })
}

async function checkAnchor(
  { id, receipt }: SignedReceipt,
  proof: ReceiptProof | null,
  chain: ReceiptChain,
): Promise<Check[]> {
  if (!proof) {
    const detail = 'no Merkle proof was given'
    return [
      { check: 'proof', outcome: 'skipped', detail },
      { check: 'anchor', outcome: 'skipped', detail },
    ]
  }
  const { epoch, root } = proof.anchor
  const found = await chain.anchor(receipt.provider, epoch)
  return [
    judge('proof', isReceiptIncluded(id, proof), {
      passed: `a path of ${proof.path.length} leads to ${short(root)}`,
      failed: 'the path does not lead from this receipt to the root',
    }),
    judge('anchor', found?.root.toLowerCase() === root.toLowerCase(), {
      passed: `the chain holds this root in block ${found?.blockNumber} (epoch ${epoch})`,
      failed: found
        ? `the chain holds another root for epoch ${epoch}`
        : `the provider has anchored no epoch ${epoch}`,
    }),
  ]
}

function short(hex: Hex): string {
  return `${hex.slice(0, 10)}…${hex.slice(-6)}`
}
