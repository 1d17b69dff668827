import type { Hex } from '@quoin/kernel'
import { describeNode } from './describe-node.ts'
import type { LineageGraph } from './read-lineage.ts'

/** The lineage as a tree: under each artifact what it was made of. What comes again is named only. */
export function lineageToText({ root, nodes }: LineageGraph): string[] {
  const lines: string[] = []
  const shown = new Set<string>()
  const show = (id: Hex, [head, body]: [head: string, body: string]) => {
    const node = nodes.get(id)
    if (!node) return
    const [title = '', ...facts] = describeNode(node, id === root)
    if (shown.has(id)) {
      lines.push(`${head}${title} (above)`)
      return
    }
    shown.add(id)
    const { parents } = node
    lines.push(`${head}${title}`)
    for (const fact of facts) lines.push(`${body}${parents.length > 0 ? '│ ' : '  '}${fact}`)
    for (const [at, parent] of parents.entries()) {
      const isLast = at === parents.length - 1
      show(parent, [`${body}${isLast ? '└─ ' : '├─ '}`, `${body}${isLast ? '   ' : '│  '}`])
    }
  }
  show(root, ['', ''])
  return lines
}
