import type { CID } from 'multiformats/cid'
import { ArtifactError } from '../errors.ts'

export function blockMissing(cid: CID, where: string): ArtifactError {
  return new ArtifactError(
    'BLOCK_MISSING',
    `Block ${cid} is not ${where}; fetch it from a node that has the artifact`,
    { detail: { cid: cid.toString(), where } },
  )
}

/** The disk does not give the block back: as good as wrong bytes. */
export function blockUnreadable(cid: CID, where: string, cause: unknown): ArtifactError {
  return new ArtifactError(
    'BLOCK_CORRUPT',
    `Block ${cid} ${where} cannot be read (${cause}); check the disk, delete the block and fetch it again`,
    { detail: { cid: cid.toString(), where }, cause },
  )
}
