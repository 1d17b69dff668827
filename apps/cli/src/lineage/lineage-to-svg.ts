import { describeNode } from './describe-node.ts'
import type { LineageGraph, LineageNode } from './read-lineage.ts'

const box = { width: 420, lineHeight: 18, padding: 12, gapX: 40, gapY: 64 }
const margin = 24
const charsPerLine = 60

interface Placed {
  node: LineageNode
  lines: string[]
  x: number
  y: number
  height: number
}

/** The lineage as a picture: origins on top, arrows from what something is made of to it. All text is escaped. */
export function lineageToSvg(graph: LineageGraph): string {
  const placed = place(graph)
  const all = [...placed.values()]
  const width = Math.max(...all.map(({ x }) => x + box.width)) + margin
  const height = Math.max(...all.map((one) => one.y + one.height)) + margin
  const arrows = all.flatMap((to) =>
    to.node.parents.flatMap((id) => {
      const from = placed.get(id)
      return from ? [arrow(from, to)] : []
    }),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, monospace" font-size="11">`,
    `<title>${escapeXml(`Lineage of ${graph.nodes.get(graph.root)?.cid ?? ''}`)}</title>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#64748b"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...arrows,
    ...all.map((one) => picture(one, one.node.id === graph.root)),
    '</svg>',
    '',
  ].join('\n')
}

/** Rows by the longest way from the root, the root at the bottom. */
function place({ root, nodes }: LineageGraph): Map<string, Placed> {
  const rows = new Map<string, number>([[root, 0]])
  for (let changed = true; changed; ) {
    changed = false
    for (const { id, parents } of nodes.values())
      for (const parent of parents) {
        const row = (rows.get(id) ?? 0) + 1
        if (row <= (rows.get(parent) ?? -1) || row > nodes.size) continue
        rows.set(parent, row)
        changed = true
      }
  }
  const byRow = Map.groupBy(nodes.values(), ({ id }) => rows.get(id) ?? 0)
  const placed = new Map<string, Placed>()
  let y = margin
  for (const [, row] of [...byRow].sort(([a], [b]) => b - a)) {
    const boxes = row.map((node) => ({ node, lines: linesOf(node, node.id === root) }))
    const heights = boxes.map(({ lines }) => lines.length * box.lineHeight + 2 * box.padding)
    for (const [at, { node, lines }] of boxes.entries()) {
      const x = margin + at * (box.width + box.gapX)
      placed.set(node.id, { node, lines, x, y, height: heights[at] ?? 0 })
    }
    y += Math.max(...heights) + box.gapY
  }
  return placed
}

function linesOf(node: LineageNode, isRoot: boolean): string[] {
  return describeNode(node, isRoot).map((line) =>
    line.length > charsPerLine ? `${line.slice(0, charsPerLine - 1)}…` : line,
  )
}

const fills: Readonly<Record<string, string>> = {
  'data-set': '#e0f2fe',
  model: '#dcfce7',
  program: '#fef3c7',
}

function picture({ node, lines, x, y, height }: Placed, isRoot: boolean): string {
  const fill = fills[node.kind] ?? '#f1f5f9'
  const stroke = isRoot ? '#0f172a' : '#94a3b8'
  const text = lines.map((line, at) => {
    const baseline = y + box.padding + (at + 0.75) * box.lineHeight
    const weight = at === 0 ? ' font-weight="bold"' : ''
    return `<text x="${x + box.padding}" y="${baseline}"${weight}>${escapeXml(line)}</text>`
  })
  const title = `<title>${escapeXml(describeNode(node, isRoot).join('\n'))}</title>`
  const frame = `<rect x="${x}" y="${y}" width="${box.width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}" stroke-width="${isRoot ? 2 : 1}"/>`
  return `<g>${title}${frame}${text.join('')}</g>`
}

function arrow(from: Placed, to: Placed): string {
  const middle = box.width / 2
  const [startX, startY, endX, endY] = [from.x + middle, from.y + from.height, to.x + middle, to.y]
  const bend = (startY + endY) / 2
  return `<path d="M${startX} ${startY}C${startX} ${bend} ${endX} ${bend} ${endX} ${endY}" fill="none" stroke="#64748b" marker-end="url(#tip)"/>`
}

/** What XML cannot carry at all becomes a replacement character. */
function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
      .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
  )
}
