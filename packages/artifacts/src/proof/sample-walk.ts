import type { CID } from 'multiformats/cid'
import { rawCode } from '../dag/cid.ts'
import { decodeNode, linksOf } from '../dag/decode-node.ts'
import { dagLimits } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import { CidSet } from '../reading/walk-dag.ts'
import { wrongSize } from './verify-dag.ts'

type Node = { ownBytes: number; links: readonly { cid: CID; dagBytes: number }[] }

/**
 * Goes from the root to each sampled place and asks for each block on the way once: yields its CID, takes
 * its verified bytes. A place is a byte of the DAG, a node's own bytes first, then its children in order,
 * by the sizes that the links state; so every byte that is stored is as likely as any other. Prover and
 * verifier both run it: an answer is the blocks in the order asked for.
 */
export function* walkSamples(
  root: CID,
  draws: readonly bigint[],
): Generator<CID, void, Uint8Array> {
  const nodes = new Map<string, Node>()
  const leaves = new CidSet()
  const top = nodeOf(root, yield root)
  nodes.set(root.toString(), top)
  const totalBytes = BigInt(sizeOf(top))
  for (const draw of draws) {
    let place = totalBytes === 0n ? 0 : Number(draw % totalBytes)
    let node = top
    for (let depth = 0; place >= node.ownBytes && node.links.length > 0; depth++) {
      if (depth >= dagLimits.maxDepth + dagLimits.maxFolderDepth)
        throw new ArtifactError('INVALID_NODE', `The DAG of ${root} is too deep to be challenged`)
      const step = stepInto(node, place - node.ownBytes)
      place = step.place
      if (leaves.has(step.link.cid)) break
      const known = nodes.get(step.link.cid.toString())
      node = known ?? nodeOf(step.link.cid, yield step.link.cid)
      checkStated(step.link, node)
      if (step.link.cid.code === rawCode) leaves.add(step.link.cid)
      else nodes.set(step.link.cid.toString(), node)
    }
  }
}

function nodeOf(cid: CID, bytes: Uint8Array): Node {
  return { ownBytes: bytes.length, links: linksOf(decodeNode({ cid, bytes })) }
}

function sizeOf({ ownBytes, links }: Node): number {
  return links.reduce((sum, link) => sum + link.dagBytes, ownBytes)
}

function stepInto({ links }: Node, offset: number) {
  let place = offset
  for (const link of links) {
    if (place < link.dagBytes) return { link, place }
    place -= link.dagBytes
  }
  throw new ArtifactError('INVALID_NODE', 'A sampled place lies behind the end of its node')
}

function checkStated(link: { cid: CID; dagBytes: number }, node: Node): void {
  if (sizeOf(node) !== link.dagBytes) throw wrongSize(link.cid, link.dagBytes, sizeOf(node))
}
