import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { importBytes } from '@quoin/artifacts'
import { maxTabularBytes } from '@quoin/models'
import { deploymentError } from './errors.ts'

/** A model's bytes, and its CID as an artifact. */
export interface ModelFile {
  bytes: Uint8Array
  artifactCid: string
}

/**
 * Reads what an operator named: a plain file of a size that is served.
 * @throws CodedError `MODEL_REFUSED`, `DEPLOYMENT_INVALID`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  if (!isAbsolute(path))
    throw deploymentError('DEPLOYMENT_INVALID', `${path} is not an absolute path`)
  const bytes = await readBounded(path)
  return { bytes, artifactCid: await artifactCidOf(bytes) }
}

/** The CID of a file that is open to all, as every IPFS tool computes it. */
async function artifactCidOf(bytes: Uint8Array): Promise<string> {
  const { cid } = await importBytes([bytes], { write: async () => {} })
  return cid.toString()
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r')
    const { size, isFile } = await file
      .stat()
      .then((stat) => ({ size: stat.size, isFile: stat.isFile() }))
    if (!isFile) throw deploymentError('MODEL_REFUSED', `${path} is not a file`)
    if (size > maxTabularBytes)
      throw deploymentError(
        'MODEL_REFUSED',
        `${path} has ${size} bytes; a model of rows has at most ${maxTabularBytes}`,
      )
    return await file.readFile()
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw deploymentError('MODEL_REFUSED', `${path} cannot be read: ${cause.message}`, cause)
  }
}
