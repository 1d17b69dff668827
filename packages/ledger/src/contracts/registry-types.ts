import type { Hex } from '@quoin/kernel'
import { encodeAbiParameters, keccak256, stringToBytes } from 'viem'

/** In the order of the contract's enum. */
export const artifactKinds = ['other', 'data-set', 'model', 'program', 'image'] as const
export type ArtifactKind = (typeof artifactKinds)[number]

/** How an answer can be checked; in the order of the contract's enum. */
export const verifications = ['signed', 'deterministic'] as const
export type Verification = (typeof verifications)[number]

export interface Artifact {
  id: Hex
  owner: Hex
  kind: ArtifactKind
  cid: string
  /** A URI or hash of the licence. */
  terms: string
  /** Ids of the artifacts that it was made from. */
  parents: readonly Hex[]
  /** Seconds since 1970. */
  publishedAt: number
}

/** Something that a job made; its kind is the runner's word. */
export interface JobOutput {
  artifact: Hex
  kind: ArtifactKind
}

/** What a runner signs once a job has ended; `signJobResult` makes the signature. */
export interface JobResult {
  /** Hash of the job's declaration. */
  declaration: Hex
  /** The provider whose machine ran it. */
  runner: Hex
  /** All that it made. */
  outputs: readonly JobOutput[]
  signature: Hex
}

export interface ServicePrice {
  token: Hex
  /** Atomic units of the token for `unitSize` units of input. */
  input: bigint
  /** The same for units of output. */
  output: bigint
  /** For each call as such. */
  call: bigint
  unitSize: bigint
  /** What is counted, as "token". */
  unit: string
}

export interface Service {
  id: Hex
  provider: Hex
  name: string
  active: boolean
  verification: Verification
  artifact: Hex
  runtimeId: Hex
  /** Who shares the income; zero: the provider keeps it. */
  split: Hex
  price: ServicePrice
}

export interface Provider {
  address: Hex
  endpoint: string
  receiptSigner: Hex
}

export const zeroHash: Hex = `0x${'0'.repeat(64)}`

/** An artifact's id: keccak256 of its CID's text, as receipts name models. */
export function artifactIdOf(cid: string): Hex {
  return keccak256(stringToBytes(cid))
}

/** A service's id, known before it is registered. */
export function serviceIdOf(provider: Hex, artifact: Hex, name: string): Hex {
  const types = [{ type: 'address' }, { type: 'bytes32' }, { type: 'string' }] as const
  return keccak256(encodeAbiParameters(types, [provider, artifact, name]))
}

export function toChainOutputs(outputs: readonly JobOutput[]): { id: Hex; kind: number }[] {
  return outputs.map(({ artifact, kind }) => ({ id: artifact, kind: artifactKinds.indexOf(kind) }))
}
