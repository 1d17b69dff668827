import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { openArtifactNode, type Progress, type PublishedArtifact } from '../client/artifact-node.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { describeSeconds } from '../output/offers.ts'
import { describeBytes, progressLine } from '../output/progress-bar.ts'
import { renderFacts, renderTable } from '../output/table.ts'
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
  /** Seconds: look again and again. */
  every?: number
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
  const source = sourceOf(flags.source)
  const order = {
    source,
    ...{ encrypt, terms, access: open ? 'open' : 'licensed', tellColumns: !flags.hideColumns },
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind: kind === 'dataset' ? 'data-set' : kind }),
    ...(mediaType !== undefined && { mediaType }),
  }
  if (flags.every !== undefined) {
    const everySeconds = flags.every
    const started = await node.collect({ ...order, name: name ?? basename(source), everySeconds })
    terminal.document(started)
    return terminal.line(
      `The node looks at it every ${describeSeconds(everySeconds)}, and publishes what changed as ${started.name}. quoin data collections shows how it goes.`,
    )
  }
  const artifact = await node.publish(order, (progress) => showProgress(terminal, progress))
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

export async function listCollections(
  context: Context,
  { stop }: { stop?: string },
): Promise<void> {
  const node = await openArtifactNode(context)
  const { terminal } = context
  if (stop !== undefined && !(await node.stopCollecting(stop)))
    throw cliError('NOT_FOUND', `The node collects nothing of the name '${stop}'`)
  const collections = await node.collections()
  terminal.document({ collections })
  if (collections.length === 0)
    return terminal.line('Nothing is collected: `quoin data publish URL --every 1h` begins.')
  const columns = [{ title: 'Name' }, { title: 'Every' }, { title: 'Looked' }, { title: 'Source' }]
  const rows = collections.map(({ name, everySeconds, lookedAtMs, order, problem }) => [
    name,
    describeSeconds(everySeconds),
    lookedAtMs === 0 ? 'not yet' : new Date(lookedAtMs).toISOString().slice(0, 19),
    problem === null ? order.source : `${order.source}: ${terminal.style('red', problem)}`,
  ])
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

export async function removeData(context: Context, cid: string): Promise<void> {
  const { freedBytes } = await (await openArtifactNode(context)).remove(cid)
  context.terminal.document({ cid, freedBytes })
  context.terminal.line(`Removed; ${describeBytes(freedBytes)} are free again`)
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
