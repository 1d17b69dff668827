import type { CID } from 'multiformats/cid'
import { ArtifactError } from '../errors.ts'

export function blockMissing(cid: CID, where: string): ArtifactError {
  return new ArtifactError(
    'BLOCK_MISSING',
    `Block ${cid} is not ${where}; fetch it from a node that has the artifact`,
    { detail: { cid: cid.toString(), where } },
  )
}
