import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type Purpose } from '@quoin/ledger'
import { cliError } from '../exit-codes.ts'

/** An artifact in a lineage, as the chain has it. */
export interface LineageNode {
  id: Hex
  cid: string
  kind: string
  owner: Hex
  /** The licence in words. */
  terms: string
  /** Seconds since 1970. */
  publishedAt: number
  /** What it was made of, in the order of the job's inputs. */
  parents: readonly Hex[]
  /** The job that made it, as its runner signed it; null: made of nothing on this chain. */
  job: { declaration: Hex; runner: Hex; endpoint: string | null } | null
  /** The owner's share of what the lineage's root earns, in basis points; 0 for none. */
  rootBasisPoints: number
  /** The licences to it that can be bought now. */
  offers: {
    purposes: readonly Purpose[]
    priceAtomic: bigint
    isPerUse: boolean
    royaltyBasisPoints: number
  }[]
}

export interface LineageGraph {
  root: Hex
  /** By id; the root first. */
  nodes: ReadonlyMap<Hex, LineageNode>
  /** What it was served or used for further. */
  descendants: { cid: string; basisPoints: number }[]
}

/** The contract bounds a lineage's depth and width, not how many there are in all. */
const maxNodes = 2_000

/** Reads a lineage up to all its origins. @throws CodedError `NOT_FOUND` */
export async function readLineage(ledger: Ledger, cid: string): Promise<LineageGraph> {
  const root = artifactIdOf(cid)
  const shares = new Map(
    (await ledger.lineage.shares(root)).map(({ ancestor, basisPoints }) => [ancestor, basisPoints]),
  )
  const nodes = new Map<Hex, LineageNode>()
  for (let wave: Hex[] = [root]; wave.length > 0; ) {
    const found = await Promise.all(wave.map((id) => readNode(ledger, id, shares.get(id) ?? 0)))
    for (const [at, node] of found.entries()) {
      if (!node) throw notPublished(at === 0 && wave[0] === root ? cid : (wave[at] ?? cid))
      nodes.set(node.id, node)
    }
    const next = new Set(found.flatMap((node) => node?.parents ?? []))
    wave = [...next].filter((id) => !nodes.has(id))
    if (nodes.size + wave.length > maxNodes)
      throw cliError('REFUSED', `The lineage of ${cid} has over ${maxNodes} artifacts`)
  }
  const descendants = await ledger.lineage.descendants(root)
  return {
    root,
    nodes,
    descendants: await Promise.all(
      descendants.map(async ({ artifact, basisPoints }) => ({
        cid: (await ledger.registry.artifact(artifact))?.cid ?? artifact,
        basisPoints,
      })),
    ),
  }
}

async function readNode(
  ledger: Ledger,
  id: Hex,
  rootBasisPoints: number,
): Promise<LineageNode | null> {
  const [artifact, derivation, offers] = await Promise.all([
    ledger.registry.artifact(id),
    ledger.lineage.derivation(id),
    ledger.licences.offers(id),
  ])
  if (!artifact) return null
  const { cid, kind, owner, terms, publishedAt, parents } = artifact
  const runner = derivation && (await ledger.registry.provider(derivation.runner))
  return {
    ...{ id, cid, kind, owner, terms, publishedAt, parents, rootBasisPoints },
    job: derivation && {
      declaration: derivation.declaration,
      runner: derivation.runner,
      endpoint: runner?.endpoint ?? null,
    },
    offers: offers
      .filter(({ isOpen }) => isOpen)
      .map(({ terms: { purposes, priceAtomic, isPerUse, royaltyBasisPoints } }) => ({
        ...{ purposes, priceAtomic, isPerUse, royaltyBasisPoints },
      })),
  }
}

function notPublished(cid: string) {
  return cliError('NOT_FOUND', `${cid} is not published on this chain`)
}
