import { basename, resolve } from 'node:path'
import { fetchHere, openDataHolder, writeContent } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { describeBytes } from '../output/progress-bar.ts'

/** The content of an artifact, decrypted, as a file or folder. */
export async function getData(
  context: Context,
  { cid, output, from }: { cid: string; output?: string; from?: string },
): Promise<void> {
  await using reader = await openDataHolder(context, cid)
  const fetched = await fetchHere(context, reader, cid, from === undefined ? {} : { from })
  const { description } = fetched
  // The name is another's word: it says a file's name at most, never a way elsewhere.
  const path = resolve(output ?? safeName(description.name, cid))
  await writeContent(context, fetched, path)
  const { terminal } = context
  terminal.document({ cid: description.cid, path, sizeBytes: description.sizeBytes })
  terminal.line(`${path}  (${describeBytes(description.sizeBytes)}, every block checked)`)
}

function safeName(name: string, cid: string): string {
  const base = basename(name.replaceAll('\\', '/'))
  return /^[\p{L}\p{N}][\p{L}\p{N} ._()-]{0,100}$/u.test(base) ? base : cid
}
