import type { Hex } from '@quoin/kernel'
import { targetToWork } from '../difficulty/work.ts'
import { checkBody, checkHeader, judgement } from '../judgement.ts'
import { type PowRules, rewardAt } from '../rules.ts'
import { hasDrawnWork } from './drawn-miner.ts'
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

/** Replays a node's canonical chain against the rules, work and rewards added up anew. */
export function findWrong({ name, tree, disk }: SimulatedNode, rules: PowRules): string | null {
  let parent = tree.genesis
  let work = 0n
  let paid = 0n
  let owed = 0n
  const spent = new Set<Hex>()
  for (let height = 1; height <= tree.head.height; height++) {
    const link = tree.canonicalAt(height)
    const block = link && tree.block(link.id)
    if (!block) return `${name} lacks its block ${height}`
    if (!hasDrawnWork(block)) return `${name} has block ${height} without its work`
    checkHeader(block, parent, { rules, judgement })
    checkBody(block, parent, { rules, judgement })
    work += targetToWork(block.header.target)
    owed += rewardAt(height, rules)
    for (const { amount } of block.payload.withdrawals) paid += BigInt(amount)
    for (const transaction of block.payload.transactions) {
      if (spent.has(transaction)) return `${transaction} is twice in the chain`
      spent.add(transaction)
    }
    parent = link
  }
  if (work !== tree.head.totalWork) return `${name} adds its work up to ${tree.head.totalWork}`
  if (paid !== owed) return `${paid} gwei were paid where ${owed} were due`
  for (const transaction of disk.execution.pool)
    if (spent.has(transaction)) return `${transaction} is mined and still in ${name}'s pool`
  return null
}
