import { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, purposes } from '@quoin/ledger'

/** Which state counts: where blocks can still be undone, only what is deep enough. */
export type SettledTag = 'latest' | 'safe'

const download = 1 << purposes.indexOf('download')

/** Whether an account may have an artifact's content, by the state that will not be undone. */
export async function mayDownload(
  { client, addresses }: Ledger,
  { account, cid, tag }: { account: Hex; cid: string; tag: SettledTag },
): Promise<boolean> {
  const artifact = artifactIdOf(cid)
  const contract = { address: addresses.licences, abi: licencesAbi, blockTag: tag } as const
  const [hasRight, isCustodian] = await Promise.all([
    client.readContract({
      ...contract,
      functionName: 'hasRight',
      args: [account, artifact, download],
    }),
    client.readContract({ ...contract, functionName: 'isCustodian', args: [artifact, account] }),
  ])
  return hasRight || isCustodian
}
