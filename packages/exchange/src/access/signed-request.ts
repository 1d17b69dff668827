import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys'
import { artifactIdOf, type TypedDataSigner } from '@quoin/ledger'
import { hashTypedData } from 'viem'
import { z } from 'zod'
import { exchangeError } from '../errors.ts'

const hexOf = (bytes: number) =>
  z.custom<Hex>(
    (value) =>
      typeof value === 'string' && value.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/.test(value),
    `must be ${bytes} bytes in lower-case hexadecimal`,
  )

/** What an account asks of one node for one artifact, in its own name. */
export const signedRequestSchema = z.strictObject({
  /** `key`: the content key. `blocks`: to read what is not open to all. */
  action: z.enum(['key', 'blocks']),
  account: hexOf(20),
  /** Of the licence: what the content key is sealed to. */
  publicKey: hexOf(32),
  nonce: hexOf(32),
  /** Seconds since 1970. */
  issuedAt: z.int().min(0),
  signature: hexOf(65),
})
export type SignedRequest = z.infer<typeof signedRequestSchema>

/** Where and for what a request holds; the node is named by its account on the chain. */
export interface RequestPlace {
  chainId: number
  node: Hex
  cid: string
}

const fields = [
  { name: 'action', type: 'string' },
  { name: 'artifact', type: 'bytes32' },
  { name: 'account', type: 'address' },
  { name: 'node', type: 'address' },
  { name: 'publicKey', type: 'bytes32' },
  { name: 'nonce', type: 'bytes32' },
  { name: 'issuedAt', type: 'uint64' },
] as const

function typedDataOf(
  request: Omit<SignedRequest, 'signature'>,
  { chainId, node, cid }: RequestPlace,
) {
  return {
    domain: { name: 'Quoin Artifacts', version: '1', chainId },
    types: { ArtifactRequest: fields },
    primaryType: 'ArtifactRequest',
    message: { ...request, node, artifact: artifactIdOf(cid), issuedAt: BigInt(request.issuedAt) },
  } as const
}

export async function signRequest(
  signer: TypedDataSigner,
  order: { action: SignedRequest['action']; publicKey: Hex },
  place: RequestPlace,
): Promise<SignedRequest> {
  const account: Hex = `0x${signer.address.slice(2).toLowerCase()}`
  const nonce = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const request = { ...order, account, nonce, issuedAt: Math.floor(Date.now() / 1000) }
  return { ...request, signature: await signer.signTypedData(typedDataOf(request, place)) }
}

const windowSeconds = 300
const maxNonces = 100_000

/**
 * Takes each request once. Nonces are kept while their request could be repeated; those issued before the
 * node began are refused, so a restart forgets nothing that matters.
 */
export class RequestCheck {
  readonly #place: Omit<RequestPlace, 'cid'>
  readonly #now: () => number
  readonly #beganAt: number
  readonly #nonces = new Map<Hex, number>()

  constructor(place: Omit<RequestPlace, 'cid'>, now: () => number = Date.now) {
    this.#place = place
    this.#now = now
    // A client's clock may be behind a little, and a request made while the node started is welcome.
    this.#beganAt = Math.floor(now() / 1000) - 5
  }

  /** @throws CodedError `REQUEST_REFUSED` */
  take(request: SignedRequest, action: SignedRequest['action'], cid: string): void {
    const now = Math.floor(this.#now() / 1000)
    const { issuedAt, nonce, account } = request
    if (request.action !== action)
      throw refused(`it asks for ${request.action}, and this is where ${action} is asked for`)
    if (Math.abs(now - issuedAt) > windowSeconds || issuedAt < this.#beganAt)
      throw refused(`it is of another time than now, which is ${now}: check your clock, sign anew`)
    const { signature, ...unsigned } = request
    if (
      signerOf(hashTypedData(typedDataOf(unsigned, { ...this.#place, cid })), signature) !== account
    )
      throw refused(`${account} did not sign it for this artifact, this node and this chain`)
    for (const [old, until] of this.#nonces) {
      if (until >= now) break
      this.#nonces.delete(old)
    }
    if (this.#nonces.has(nonce)) throw refused('it was used before: sign a new one')
    if (this.#nonces.size >= maxNonces)
      throw refused('too many came at once: try again in a minute')
    this.#nonces.set(nonce, now + 2 * windowSeconds + 1)
  }
}

function signerOf(digest: Hex, signature: Hex): Hex | null {
  try {
    return recoverAddress(hexToBytes(digest), hexToBytes(signature))
  } catch {
    return null
  }
}

function refused(why: string) {
  return exchangeError('REQUEST_REFUSED', `The signed request is refused: ${why}`)
}
