import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MadeOutput } from '@quoin/jobs'
import { CodedError } from '@quoin/kernel'
import { type DataHolder, fetchHere, openDataHolder, writeContent } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { renderFacts } from '../output/table.ts'
import { fileCid, firstDifference } from '../reproduce/compare-files.ts'
import { findDeclaration } from '../reproduce/find-declaration.ts'
import { runAgain } from '../reproduce/run-again.ts'

/**
 * Runs the job that made an artifact again, from its declaration on the chain, and compares what comes out.
 * @throws CodedError `VERIFICATION_FAILED` where it is something else
 */
export async function reproduce(context: Context, cid: string): Promise<void> {
  await using reader = await openDataHolder(context, cid)
  const folder = await mkdtemp(join(tmpdir(), 'quoin-reproduce-'))
  try {
    const declared = await findDeclaration(context, reader, { cid, folder })
    const outputs = await runAgain(context, reader, { job: declared.job, folder })
    const made = await Promise.all(
      outputs.map(async ({ name, kind, path }) => ({ name, kind, path, cid: await fileCid(path) })),
    )
    const result = await compare(context, reader, { cid, folder, made })
    const { declaration, declarationCid, runner, job } = declared
    const { terminal } = context
    terminal.document({
      ...{ cid, isSame: result.difference === null, declaration, declarationCid, runner },
      ...{ work: job.work.kind, inputs: job.inputs, comparison: result },
      made: made.map(({ name, kind, cid }) => ({ name, kind, cid })),
    })
    const facts: [string, string][] = [
      ['Artifact', cid],
      ['Job', `${declaration}, a ${job.work.kind}`],
      ['Declaration', declarationCid],
      ['Run by', runner],
      ...made.map(({ name, cid }): [string, string] => [`Made ${name}`, cid]),
    ]
    for (const line of renderFacts(facts)) terminal.line(line)
    terminal.line()
    if (result.difference !== null)
      throw cliError('VERIFICATION_FAILED', `It is not the same: ${result.difference}`)
    terminal.line(terminal.style('green', `The same, to the last bit: ${result.how}.`))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Comparison {
  /** The output that it is, or would be. */
  output: string | null
  how: string
  /** What is different, in words; null where nothing is. */
  difference: string | null
}

type Made = Pick<MadeOutput, 'name' | 'kind' | 'path'> & { cid: string }

async function compare(
  context: Context,
  reader: DataHolder,
  { cid, folder, made }: { cid: string; folder: string; made: readonly Made[] },
): Promise<Comparison> {
  const same = made.find((output) => output.cid === cid)
  const how = `the output ${same?.name} has the CID that the chain has`
  if (same) return { output: same.name, how, difference: null }
  const original = join(folder, 'original')
  const fetched = await fetchOriginal(context, reader, { cid, original })
  const originalCid = await fileCid(original)
  const content = made.find((output) => output.cid === originalCid)
  if (content) {
    const how = `decrypted, it is the output ${content.name}`
    return { output: content.name, how, difference: null }
  }
  const kind = fetched.description.kind === 'model' ? 'model' : 'dataset'
  const [closest] = made.filter((output) => output.kind === kind)
  if (!closest) return { output: null, how: '', difference: `the job makes no ${kind}` }
  const at = await firstDifference(original, closest.path)
  const difference = `the output ${closest.name} is ${closest.cid} and differs from byte ${at} on`
  return { output: closest.name, how: '', difference }
}

/** What the chain names by a CID, where none of the outputs has it: something else, or the same encrypted. */
async function fetchOriginal(
  context: Context,
  reader: DataHolder,
  { cid, original }: { cid: string; original: string },
) {
  try {
    const fetched = await fetchHere(context, reader, cid)
    await writeContent(context, fetched, original)
    return fetched
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    const what = `None of the outputs has the CID ${cid}. It is another content, or the same encrypted: that cannot be told, since it cannot be read. ${cause.message}`
    throw cliError('REFUSED', what, { cause })
  }
}
