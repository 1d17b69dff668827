import { writeFile } from 'node:fs/promises'
import { findRpcUrl } from '../client/endpoints.ts'
import { openLedger } from '../client/open-ledger.ts'
import type { Context } from '../context.ts'
import { percent } from '../lineage/describe-node.ts'
import { lineageToSvg } from '../lineage/lineage-to-svg.ts'
import { lineageToText } from '../lineage/lineage-to-text.ts'
import { readLineage } from '../lineage/read-lineage.ts'

/** From an artifact back to all that it was made of; the chain checked each step when it was published. */
export async function showLineage(
  context: Context,
  { cid, svg }: { cid: string; svg: string | null },
): Promise<void> {
  const { values: settings } = await context.settings()
  await using ledger = await openLedger(await findRpcUrl(settings))
  context.terminal.progress('Reading the chain …')
  const graph = await readLineage(ledger, cid)
  const { terminal } = context
  if (svg !== null) await writeFile(svg, lineageToSvg(graph))
  const { root, nodes, descendants } = graph
  terminal.document({ root, nodes: [...nodes.values()], descendants, svg })
  for (const line of lineageToText(graph)) terminal.line(line)
  for (const { cid: made, basisPoints } of descendants)
    terminal.line(`${percent(basisPoints)} of what ${made} earns goes to it`)
  if (svg !== null) terminal.line(`Drawn into ${svg}`)
}
