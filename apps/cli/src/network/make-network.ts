import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '@quoin/kernel'
import type { BftOrder, Member, PowOrder } from '@quoin/node/setup'
import { cliError } from '../exit-codes.ts'
import { exists, toText, writeWhole } from './layout.ts'

/** What a chain is to be. */
export interface ChainOrder {
  order: BftOrder | PowOrder
  withDevelopmentAccount: boolean
  funds: readonly { address: Hex; wei: bigint }[]
}

/** A node's folder with its keys, as they were made here. */
export interface MadeNode {
  folder: string
  member: Member
}

/** Makes `count` node folders `node-1` … with keys of their own. */
export async function makeNodes(
  dir: string,
  options: {
    count: number
    chainId: number
    password: string | undefined
    onProgress: (done: number) => void
    signal: AbortSignal
  },
): Promise<MadeNode[]> {
  const { count, onProgress, signal } = options
  const nodes: MadeNode[] = []
  for (let id = 1; id <= count; id++) {
    signal.throwIfAborted()
    nodes.push(await makeNode(join(dir, `node-${id}`), options))
    onProgress(id)
  }
  return nodes
}

/** Takes back what was made, so that a command that failed can be given again. */
export async function removeMade(dir: string, nodes: number): Promise<void> {
  for (let id = 1; id <= nodes; id++)
    await rm(join(dir, `node-${id}`), { recursive: true, force: true })
  await rm(join(dir, 'genesis.json'), { force: true })
}

export async function makeNode(
  folder: string,
  { chainId, password }: { chainId: number; password: string | undefined },
): Promise<MadeNode> {
  const { memberOf, openNodeKeys } = await import('@quoin/node/setup')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keys = await openNodeKeys(folder, password)
  return { folder, member: memberOf(keys, { chainId }) }
}

/** Writes the genesis for these members; every node must begin with it. */
export async function writeGenesis(
  path: string,
  members: readonly Member[],
  chain: ChainOrder & { chainId: number },
): Promise<void> {
  const { createNetworkGenesis } = await import('@quoin/node/setup')
  const timestamp = Math.floor(Date.now() / 1000)
  await writeWhole(path, toText(createNetworkGenesis({ ...chain, members, timestamp })))
}

/** @throws CodedError `WOULD_OVERWRITE` when a chain was made in the folder before */
export async function refuseToOverwrite(dir: string): Promise<void> {
  for (const name of ['genesis.json', 'net.json', 'node-1'])
    if (await exists(join(dir, name)))
      throw cliError(
        'WOULD_OVERWRITE',
        `${join(dir, name)} is there already, and nothing was written`,
      )
}
