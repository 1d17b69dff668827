import { formatCredit } from '../output/amounts.ts'
import { shortHex } from '../output/text.ts'
import type { LineageNode } from './read-lineage.ts'

/** What is to be said of an artifact, a line each; the first is its kind and CID. */
export function describeNode(node: LineageNode, isRoot: boolean): string[] {
  const { kind, cid, owner, terms, job, rootBasisPoints, offers } = node
  return [
    `${kind} ${cid}`,
    `owner ${shortHex(owner)}${isRoot || rootBasisPoints === 0 ? '' : `, has ${percent(rootBasisPoints)} of what is earned`}`,
    ...(terms === '' ? [] : [`terms: ${terms}`]),
    ...offers.map(
      ({ purposes, priceAtomic, isPerUse, royaltyBasisPoints }) =>
        `licence: ${purposes.join(', ')} for ${formatCredit(priceAtomic)}${isPerUse ? ' a use' : ''} and ${percent(royaltyBasisPoints)} of income`,
    ),
    ...(job
      ? [`made by job ${shortHex(job.declaration)}, run by ${shortHex(job.runner)}`]
      : ['made of nothing on this chain']),
  ]
}

export function percent(basisPoints: number): string {
  return `${Number((basisPoints / 100).toFixed(2))}%`
}
