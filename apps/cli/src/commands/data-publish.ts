import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { openArtifactNode, type Progress, type PublishedArtifact } from '../client/artifact-node.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { describeBytes, progressLine } from '../output/progress-bar.ts'
import { renderFacts } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { shortHex } from '../output/text.ts'

export interface PublishFlags {
  source: string
  encrypt: boolean
  open: boolean
  name?: string
  kind?: string
  mediaType?: string
  terms: string
  hideColumns: boolean
}

const stages: Readonly<Record<string, string>> = {
  download: 'Downloading',
  check: 'Checking the table',
  store: 'Storing',
  register: 'Registering',
}

/** Stores and registers it through the running node, whose account becomes its owner. */
export async function publishData(context: Context, flags: PublishFlags): Promise<void> {
  const { encrypt, open, name, kind, mediaType, terms } = flags
  if (encrypt && open)
    throw cliError('USAGE', '--encrypt and --open contradict each other: ciphertext needs a key')
  const node = await openArtifactNode(context)
  const { terminal } = context
  const artifact = await node.publish(
    {
      source: sourceOf(flags.source),
      ...{ encrypt, terms, access: open ? 'open' : 'licensed', tellColumns: !flags.hideColumns },
      ...(name !== undefined && { name }),
      ...(kind !== undefined && { kind: kind === 'dataset' ? 'data-set' : kind }),
      ...(mediaType !== undefined && { mediaType }),
    },
    (progress) => showProgress(terminal, progress),
  )
  terminal.progress(null)
  terminal.document(artifact)
  showArtifact(terminal, artifact)
  if (open) return
  terminal.line()
  terminal.line(
    `Nobody has a right to it yet: quoin licence offer ${artifact.cid} --purpose train,download --price 5`,
  )
}

export async function keepData(
  context: Context,
  { cid, from }: { cid: string; from?: string },
): Promise<void> {
  const node = await openArtifactNode(context)
  const { terminal } = context
  const order = { cid, ...(from !== undefined && { from }) }
  const artifact = await node.keep(order, ({ bytes, totalBytes }) =>
    terminal.progress(progressLine('Fetching', bytes, totalBytes ?? null)),
  )
  terminal.progress(null)
  terminal.document(artifact)
  showArtifact(terminal, artifact)
}

function sourceOf(source: string): string {
  if (/^https?:\/\//.test(source)) return source
  const path = resolve(source)
  if (existsSync(path)) return path
  throw cliError('USAGE', `There is no ${path} to publish`)
}

function showProgress(terminal: Terminal, { stage, bytes, totalBytes }: Progress): void {
  terminal.progress(progressLine(stages[stage ?? ''] ?? 'Working', bytes, totalBytes ?? null))
}

function showArtifact(terminal: Terminal, artifact: PublishedArtifact): void {
  const { cid, name, kind, version, isEncrypted, access, sizeBytes, role, transaction } = artifact
  const reading = isEncrypted ? 'encrypted' : access === 'open' ? 'open to all' : 'licensed'
  const facts: [string, string][] = [
    ['CID', cid],
    ['Name', `${name}, version ${version}`],
    ['Kind', `${kind}, ${describeBytes(sizeBytes)}, ${reading}`],
    ...(role === 'owner' ? [] : [['Kept as', role] as [string, string]]),
    ...(transaction ? [['On chain', shortHex(transaction)] as [string, string]] : []),
  ]
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
}
