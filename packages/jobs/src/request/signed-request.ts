import { bytesToHex, CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys'
import type { TypedDataSigner } from '@quoin/ledger'
import { hashTypedData } from 'viem'
import { z } from 'zod'
import type { JobErrorCode } from '../errors.ts'

const hexOf = (bytes: number) =>
  z.custom<Hex>(
    (value) =>
      typeof value === 'string' && value.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/.test(value),
    `must be ${bytes} bytes in lower-case hexadecimal`,
  )

/** That an account wants one job run by one node, and gets what it makes. */
export const signedJobSchema = z.strictObject({
  account: hexOf(20),
  /** Of the licence: what the outputs' keys are sealed to. */
  publicKey: hexOf(32),
  nonce: hexOf(32),
  /** Seconds since 1970. */
  issuedAt: z.int().min(0),
  signature: hexOf(65),
})
export type SignedJob = z.infer<typeof signedJobSchema>

/** What a request holds for; the node is named by its account on the chain. */
export interface JobPlace {
  chainId: number
  node: Hex
  /** Hash of the job. */
  declaration: Hex
}

const fields = [
  { name: 'declaration', type: 'bytes32' },
  { name: 'account', type: 'address' },
  { name: 'node', type: 'address' },
  { name: 'publicKey', type: 'bytes32' },
  { name: 'nonce', type: 'bytes32' },
  { name: 'issuedAt', type: 'uint64' },
] as const

function typedDataOf(request: Omit<SignedJob, 'signature'>, place: JobPlace) {
  const { chainId, node, declaration } = place
  return {
    domain: { name: 'Quoin Jobs', version: '1', chainId },
    types: { JobRequest: fields },
    primaryType: 'JobRequest',
    message: { ...request, node, declaration, issuedAt: BigInt(request.issuedAt) },
  } as const
}

export async function signJob(
  signer: TypedDataSigner,
  publicKey: Hex,
  place: JobPlace,
): Promise<SignedJob> {
  const account: Hex = `0x${signer.address.slice(2).toLowerCase()}`
  const nonce = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const request = { account, publicKey, nonce, issuedAt: Math.floor(Date.now() / 1000) }
  return { ...request, signature: await signer.signTypedData(typedDataOf(request, place)) }
}

const windowSeconds = 300

/** Whether the account signed it for this place, within five minutes. @throws CodedError `REQUEST_REFUSED` */
export function checkSignedJob(request: SignedJob, place: JobPlace, nowMs = Date.now()): void {
  const now = Math.floor(nowMs / 1000)
  if (Math.abs(now - request.issuedAt) > windowSeconds)
    throw refused(`it is of another time than now, which is ${now}: check your clock, sign anew`)
  const { signature, ...unsigned } = request
  if (signerOf(hashTypedData(typedDataOf(unsigned, place)), signature) !== request.account)
    throw refused(`${request.account} did not sign it for this job, this node and this chain`)
}

function signerOf(digest: Hex, signature: Hex): Hex | null {
  try {
    return recoverAddress(hexToBytes(digest), hexToBytes(signature))
  } catch {
    return null
  }
}

function refused(why: string): CodedError<JobErrorCode> {
  return new CodedError('REQUEST_REFUSED', `The signed job is refused: ${why}`)
}
