import { type ImportCandidate, importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'

/** The root that `ipfs-unixfs-importer` gives under the same profile, its blocks thrown away. */
export async function referenceCid(candidates: ImportCandidate[]): Promise<string> {
  const blackHole = { put: async (cid: CID) => cid }
  const results = await Array.fromAsync(
    importer(candidates, blackHole, { profile: 'unixfs-v1-2025' }),
  )
  return String(results.at(-1)?.cid)
}
