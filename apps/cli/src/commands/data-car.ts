import { createReadStream } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { exportCar, importCar, parseCid, retrieve } from '@quoin/artifacts'
import { openArtifactStore } from '@quoin/exchange'
import { fetchHere, openDataHolder } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCount } from '../output/amounts.ts'
import { describeBytes, progressLine } from '../output/progress-bar.ts'

/** All blocks as they are: an encrypted artifact stays so, and any IPFS tool reads the archive. */
export async function exportData(
  context: Context,
  { cid, file, from }: { cid: string; file: string; from?: string },
): Promise<void> {
  await using reader = await openDataHolder(context, cid)
  const wants = { wants: 'ciphertext', ...(from !== undefined && { from }) } as const
  const { store, description } = await fetchHere(context, reader, cid, wants)
  const path = resolve(file)
  const { terminal, signal } = context
  let bytes = 0
  try {
    await using target = await open(path, 'wx')
    for await (const piece of exportCar(parseCid(cid), store, { signal })) {
      await target.writeFile(piece)
      bytes += piece.length
      terminal.progress(progressLine('Writing', bytes, description.storedBytes))
    }
    await target.sync()
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
      throw cliError('USAGE', `${path} exists already: choose another name, or remove it`)
    await rm(path, { force: true })
    throw cause
  }
  terminal.progress(null)
  terminal.document({ cid, path, bytes })
  terminal.line(`${path}  (${describeBytes(bytes)})`)
}

export async function importData(
  context: Context,
  { file, output }: { file: string; output?: string },
): Promise<void> {
  const { values: settings } = await context.settings()
  const path = resolve(file)
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) throw cliError('USAGE', `There is no archive ${path}`)
  const { store, pins } = await openArtifactStore(settings.dataDir)
  const { terminal, signal } = context
  await using _writing = await pins.startWriting()
  const { root, blocks, bytes } = await importCar(createReadStream(path), store, {
    signal,
    onProgress: (progress) =>
      terminal.progress(progressLine('Checking', progress.bytes, found.size)),
  })
  terminal.progress(null)
  await pins.pin(root, store, { note: `imported from ${path}`.slice(0, 1000), signal })
  if (output !== undefined) await retrieve(root, resolve(output), { blocks: store, signal })
  terminal.document({ cid: root.toString(), blocks, bytes })
  terminal.line(`${root}  (${formatCount(blocks)} blocks, ${describeBytes(bytes)}, all checked)`)
}
