import { join } from 'node:path'
import type { Member } from '@quoin/node/setup'
import type { Context } from '../context.ts'
import { toText, writeWhole } from '../network/layout.ts'
import { renderFacts } from '../output/table.ts'

/**
 * Makes the keys of a node, or opens those that are there, and writes what its owner gives to the others: the
 * file for `quoin chain init --member`.
 */
export async function makeChainKey(
  context: Context,
  options: { address: readonly string[]; out: string | null },
): Promise<void> {
  const { memberOf, openNodeKeys } = await import('@quoin/node/setup')
  const { values: settings } = await context.settings()
  const { dataDir, chainId } = settings
  const { terminal, env } = context
  terminal.progress('Opening keys …')
  const keys = await openNodeKeys(dataDir, env.QUOIN_NODE_PASSWORD)
  terminal.progress(null)
  const member = memberOf(keys, { chainId, addresses: options.address })
  const file = options.out ?? join(dataDir, 'member.json')
  await writeWhole(file, toText(member))
  terminal.document({ ...member, file, keys: join(dataDir, 'keys') })
  for (const line of memberLines(member)) terminal.line(line)
  terminal.line()
  terminal.line(`Give ${file} to whoever begins or runs the chain: nothing in it is secret.`)
  terminal.line(`Back up ${join(dataDir, 'keys')}: whoever has it signs as this validator.`)
  if (env.QUOIN_NODE_PASSWORD === undefined)
    terminal.line(
      `Its password lies beside it. With QUOIN_NODE_PASSWORD set before, only you would have it.`,
    )
}

function memberLines(member: Member): string[] {
  return renderFacts([
    ['Chain id', String(member.chainId)],
    ['Validator', member.address],
    ['BLS key', member.blsPublicKey],
    ['Possession', member.proofOfPossession],
    ['Peer id', member.peerId],
    ['Address', member.addresses.join(' ') || 'none given: others cannot find it by itself'],
  ])
}
