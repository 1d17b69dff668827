import { createDisk, type NodeDisk } from './simulated-node.ts'

/**
 * What a new node has when it begins at the end of the last whole epoch of another: the state there, that
 * one block, and the validators of its epoch and the next. Null while the first epoch lasts, or where the
 * other itself began later. How a node comes to believe these is `@quoin/sync`'s, and not played here.
 */
export function snapshotOf(
  { blocks, execution, sets }: NodeDisk,
  epochBlocks: number,
): NodeDisk | null {
  const height = blocks.at(-1)?.block.header.height ?? 0
  const end = height - (height % epochBlocks)
  const last = blocks.find(({ block }) => block.header.height === end)
  const payloads = execution.payloads.slice(0, end)
  if (!last || payloads.length < end) return null
  const epoch = end / epochBlocks
  const known = [...sets].filter(([each]) => each === epoch - 1 || each === epoch)
  const disk = createDisk()
  disk.blocks.push(last)
  disk.execution.payloads.push(...payloads)
  return { ...disk, sets: new Map(known) }
}
