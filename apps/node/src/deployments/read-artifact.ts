import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exchange } from '@quoin/exchange'
import { CodedError } from '@quoin/kernel'
import { maxTabularBytes } from '@quoin/models'
import { deploymentError } from './errors.ts'

/**
 * A model that is an artifact: one that this node has, else fetched from its owner's node by the right to it.
 * @throws CodedError `MODEL_REFUSED`, and those of the exchange
 */
export async function readArtifact(
  exchange: Exchange | undefined,
  cid: string,
): Promise<Uint8Array> {
  if (!exchange)
    throw deploymentError('MODEL_REFUSED', `This node keeps no artifacts: name a file, not ${cid}`)
  const { sizeBytes, kind } = await findOrFetch(exchange, cid)
  if (kind !== 'model') throw deploymentError('MODEL_REFUSED', `${cid} is a ${kind}, not a model`)
  if (sizeBytes > maxTabularBytes)
    throw deploymentError(
      'MODEL_REFUSED',
      `${cid} has ${sizeBytes} bytes; a model of rows has at most ${maxTabularBytes}`,
    )
  const folder = await mkdtemp(join(tmpdir(), 'quoin-model-'))
  try {
    const path = join(folder, 'model.onnx')
    await exchange.retrieve(cid, path)
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function findOrFetch(exchange: Exchange, cid: string) {
  try {
    return exchange.get(cid)
  } catch (error) {
    if (!(error instanceof CodedError && error.code === 'ARTIFACT_UNKNOWN')) throw error
    return exchange.keep({ cid })
  }
}
