import { sessionKeysAbi, settlementAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { parseEventLogs } from 'viem'
import type { LedgerContext } from '../context.ts'

const changesAbi = [...settlementAbi, ...sessionKeysAbi].filter((entry) => entry.type === 'event')

/** The ids of the channels that events name in a range of blocks, each once. */
export async function readChanges(
  { client, addresses, read }: LedgerContext,
  range: { fromBlock: bigint; toBlock: bigint },
): Promise<Hex[]> {
  const address = [addresses.settlement, addresses.sessionKeys]
  const logs = await read('read the channels’ events', () => client.getLogs({ address, ...range }))
  const ids = new Set<Hex>()
  for (const { args } of parseEventLogs({ abi: changesAbi, logs }))
    if ('channelId' in args) ids.add(args.channelId)
  return [...ids]
}
