import { type BlobStore, collectGarbage, type Pins, parseCid } from '@quoin/artifacts'
import type { Ledger } from '@quoin/ledger'
import { openOffers } from '../access/how-to-get-a-right.ts'
import { exchangeError } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'

/** Takes an artifact out of the catalogue with its key, and deletes the blocks that nothing else pins. */
export async function removeArtifact(
  parts: { store: BlobStore; pins: Pins; catalogue: Catalogue; ledger: Ledger },
  cid: string,
): Promise<{ freedBytes: number }> {
  const { store, pins, catalogue, ledger } = parts
  const root = parseCid(cid)
  const record = catalogue.find(root.toString())
  if (record?.role === 'owner' && (await openOffers(ledger, record.cid)).length > 0)
    throw exchangeError(
      'PUBLISH_REFUSED',
      `Licences to ${cid} are on offer, and their buyers would get nothing: quoin licence close first`,
    )
  await catalogue.remove(root.toString())
  if (!(await pins.unpin(root)) && !record)
    throw exchangeError('ARTIFACT_UNKNOWN', `This node does not have ${cid}`)
  // Whoever writes at this moment keeps its blocks by its own mark: none need a time of grace.
  return { freedBytes: (await collectGarbage(store, pins, { graceMs: 0 })).freedBytes }
}
