import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cidOfDigest, rawCode } from '@quoin/artifacts'
import { type Job, jobHash, parseJob } from '@quoin/jobs'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { artifactIdOf } from '@quoin/ledger'
import { type DataHolder, fetchHere, writeContent } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'

/** The job that made an artifact, as the chain names it, and where its declaration is. */
export interface DeclaredJob {
  job: Job
  declaration: Hex
  declarationCid: string
  runner: Hex
}

/**
 * Fetches the declaration whose hash the chain has, and checks it by that hash.
 * @throws CodedError `REFUSED` for what no job made, `VERIFICATION_FAILED`
 */
export async function findDeclaration(
  context: Context,
  reader: DataHolder,
  { cid, folder }: { cid: string; folder: string },
): Promise<DeclaredJob> {
  const id = artifactIdOf(cid)
  const derivation = await reader.ledger.lineage.derivation(id)
  if (!derivation)
    throw cliError('REFUSED', `No job made ${cid}, as far as the chain knows: nothing to run again`)
  const { declaration, runner } = derivation
  // Its canonical JSON is an artifact, so its sha256 is its CID's.
  const declarationCid = cidOfDigest(rawCode, hexToBytes(declaration)).toString()
  const path = join(folder, 'declaration.json')
  await writeContent(context, await fetchHere(context, reader, declarationCid), path)
  const job = parseJob(JSON.parse(await readFile(path, 'utf8')))
  const artifact = await reader.ledger.registry.artifact(id)
  const inputs = job.inputs.map((input) => artifactIdOf(input.cid)).join()
  if (jobHash(job) !== declaration || inputs !== artifact?.parents.join())
    throw cliError(
      'VERIFICATION_FAILED',
      `The declaration ${declarationCid} is not of what the chain says ${cid} was made of`,
    )
  return { job, declaration, declarationCid, runner }
}
