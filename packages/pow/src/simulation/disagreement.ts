import type { SimulatedNode } from './pow-network.ts'

/** What is wrong between nodes that had time to agree; null when nothing is. */
export function findDisagreement(nodes: readonly SimulatedNode[]): string | null {
  const [first] = nodes
  if (!first) return 'there are no nodes'
  for (const { name, engine, tree, disk } of nodes) {
    if (engine.status.failure) return `${name} failed: ${engine.status.failure.message}`
    if (tree.head.id !== first.tree.head.id)
      return `${name} is at ${tree.head.height} ${tree.head.id}, ${first.name} at ${first.tree.head.height} ${first.tree.head.id}`
    if (disk.execution.head !== tree.head.payloadHash)
      return `${name}'s execution is at ${disk.execution.head}, not at its head`
    for (const other of nodes)
      for (const link of other.tree.head.height > 0 ? [other.tree.head] : [])
        if (link.totalWork > tree.head.totalWork) return `${name} is not on the heaviest chain`
  }
  return null
}
