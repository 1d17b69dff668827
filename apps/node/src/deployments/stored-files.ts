import { existsSync } from 'node:fs'
import { fileSize, openFolderStore, parseCid, readFile } from '@quoin/artifacts'
import { maxTabularBytes } from '@quoin/models'
import { deploymentError } from './errors.ts'

/**
 * A file that lies open in the node's store of artifacts, each block checked as it is read.
 * @throws CodedError `MODEL_REFUSED`
 */
export async function readStoredFile(storePath: string, cid: string): Promise<Uint8Array> {
  if (!existsSync(storePath))
    throw deploymentError('MODEL_REFUSED', `This node has no artifacts, so none of the CID ${cid}`)
  try {
    const store = await openFolderStore(storePath)
    const root = parseCid(cid)
    const size = await fileSize(root, store)
    if (size > maxTabularBytes)
      throw deploymentError(
        'MODEL_REFUSED',
        `${cid} has ${size} bytes; a model of rows has at most ${maxTabularBytes}`,
      )
    return Buffer.concat(await Array.fromAsync(readFile(root, store)))
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause) || cause.code === 'MODEL_REFUSED') throw cause
    throw deploymentError('MODEL_REFUSED', `${cid} cannot be read: ${cause.message}`, cause)
  }
}
