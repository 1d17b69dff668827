import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { ArtifactError } from '../errors.ts'
import { owned } from './owned.ts'

/** Multicodec codes of the two kinds of block in a UnixFS DAG, and of the hash. */
export const rawCode = 0x55
export const dagPbCode = 0x70
const sha256Code = 0x12
const maxTextLength = 128

/** One block of a DAG: `bytes` hash to `cid`. */
export type Block = { readonly cid: CID; readonly bytes: Uint8Array }

/**
 * A CID of version 1, of a raw or dag-pb block, hashed by sha2-256: the only ones that artifacts use.
 * Version 0 (`Qm…`) is turned into version 1, since it names the same block.
 * @throws ArtifactError `INVALID_CID`
 */
export function parseCid(text: string): CID {
  if (text.length > maxTextLength)
    throw new ArtifactError('INVALID_CID', `A CID has at most ${maxTextLength} characters`)
  let cid: CID
  try {
    cid = CID.parse(text)
  } catch (cause) {
    throw new ArtifactError(
      'INVALID_CID',
      `Not a CID: ${JSON.stringify(text)}. It should begin with "bafy" or "bafk"`,
      { cause },
    )
  }
  return checkCid(cid)
}

/** @throws ArtifactError `INVALID_CID` unless `cid` is of the kind described at {@link parseCid}. */
export function checkCid(cid: CID): CID {
  const { code, multihash } = cid
  if (
    (code !== rawCode && code !== dagPbCode) ||
    multihash.code !== sha256Code ||
    multihash.digest.length !== 32
  )
    throw new ArtifactError(
      'INVALID_CID',
      `${cid} is not a raw or dag-pb block hashed by sha2-256; publish the data again with this profile`,
    )
  return cid.version === 1 ? cid : cid.toV1()
}

/** The CID of a block. Hashing runs in the platform's thread pool, off the caller's thread. */
export async function cidOf(code: number, bytes: Uint8Array): Promise<CID> {
  return cidOfDigest(code, await sha256(bytes))
}

/** The CID of the block with this sha2-256 hash. */
export function cidOfDigest(code: number, digest: Uint8Array): CID {
  return CID.createV1(code, create(sha256Code, digest))
}

/** @throws ArtifactError `BLOCK_CORRUPT` when `bytes` are not what `cid` names. */
export async function verifyBlock(cid: CID, bytes: Uint8Array, where: string): Promise<void> {
  const digest = await sha256(bytes)
  const expected = cid.multihash.digest
  if (digest.length === expected.length && digest.every((byte, i) => byte === expected[i])) return
  throw new ArtifactError(
    'BLOCK_CORRUPT',
    `Wrong bytes for block ${cid} ${where}; delete it and fetch it again from another source`,
    { detail: { cid: cid.toString(), sizeBytes: bytes.length, where } },
  )
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', owned(bytes)))
}
