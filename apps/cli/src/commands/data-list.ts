import { type ArtifactDescription, createNodeApi, endpointsOf } from '@quoin/exchange'
import { openArtifactNode } from '../client/artifact-node.ts'
import { findNode, findRpcUrl } from '../client/endpoints.ts'
import { openLedger } from '../client/open-ledger.ts'
import type { Context } from '../context.ts'
import { offerLines } from '../output/offers.ts'
import { describeBytes } from '../output/progress-bar.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { shortHex } from '../output/text.ts'

export async function listData(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const { gatewayUrl } = await findNode(settings)
  const artifacts = await createNodeApi(gatewayUrl, context).list()
  const { terminal } = context
  terminal.document({ artifacts })
  if (artifacts.length === 0)
    return terminal.line('Nothing yet: `quoin data publish PATH` publishes a file or folder.')
  const columns = [
    { title: 'CID' },
    { title: 'Name' },
    { title: 'V', align: 'right' as const },
    { title: 'Kind' },
    { title: 'Size', align: 'right' as const },
    { title: 'Reading' },
    { title: 'Offers', align: 'right' as const },
  ]
  const rows = artifacts.map((one) => [
    one.cid,
    clean(one.name),
    `${one.version}`,
    one.kind,
    describeBytes(one.sizeBytes),
    readingOf(one),
    `${one.offers.length}`,
  ])
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

export async function showData(
  context: Context,
  { cid, from }: { cid: string; from?: string },
): Promise<void> {
  const found = await describe(context, cid, from)
  const { terminal } = context
  terminal.document(found)
  const facts: [string, string][] = [
    ['CID', found.cid],
    ['Name', `${clean(found.name)}, version ${found.version}`],
    ...(found.replaces ? [['Before', found.replaces] as [string, string]] : []),
    ['Kind', [found.kind, found.mediaType].filter(Boolean).join(', ')],
    ['Size', `${describeBytes(found.sizeBytes)} (${describeBytes(found.storedBytes)} stored)`],
    ['Reading', readingOf(found)],
    ['Published', found.createdAt],
    ...(found.terms ? [['Terms', clean(found.terms)] as [string, string]] : []),
    ...(found.columns
      ? [
          ['Columns', found.columns.map((c) => `${clean(c.name)} ${c.type}`).join(', ')] as [
            string,
            string,
          ],
        ]
      : []),
  ]
  for (const line of renderFacts(facts, layoutOf(terminal))) terminal.line(line)
  terminal.line()
  if (found.offers.length === 0) return terminal.line('No licence is offered for it now.')
  for (const line of offerLines(found.offers, terminal)) terminal.line(line)
}

/** From the node given, else the one of the data folder, else the owner's. */
async function describe(
  context: Context,
  cid: string,
  from: string | undefined,
): Promise<ArtifactDescription> {
  if (from !== undefined) return createNodeApi(from, context).describe(cid)
  const { values: settings } = await context.settings()
  const { gatewayUrl } = await findNode(settings)
  const own = createNodeApi(gatewayUrl, context)
  const known = (await own.list()).find((one) => one.cid === cid)
  if (known) return known
  await using ledger = await openLedger(await findRpcUrl(settings))
  const [endpoint] = await endpointsOf(ledger, cid)
  return createNodeApi(endpoint ?? gatewayUrl, context).describe(cid)
}

export async function showAccessLog(context: Context, cid: string): Promise<void> {
  const entries = await (await openArtifactNode(context)).accessLog(cid)
  const { terminal } = context
  terminal.document({ entries })
  if (entries.length === 0) return terminal.line('Nobody has asked this node for it yet.')
  const columns = [{ title: 'Time' }, { title: 'What' }, { title: 'Account' }, { title: 'Note' }]
  const rows = entries.map(({ time, event, account, note = '', transaction }) => [
    time.slice(0, 19).replace('T', ' '),
    event,
    account,
    [shortHex(note), transaction ? `in ${shortHex(transaction)}` : ''].filter(Boolean).join(' '),
  ])
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

function readingOf({ isEncrypted, access, role }: ArtifactDescription): string {
  const how = isEncrypted ? 'encrypted' : access
  return role === 'owner' ? how : `${how}, ${role}`
}

function layoutOf(terminal: Terminal) {
  return {
    styleLabel: (text: string) => terminal.style('dim', text),
    columns: terminal.columns,
  }
}

/** What another says goes to a terminal: no control characters. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
