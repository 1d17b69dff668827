import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { findNode } from './endpoints.ts'
import { NodeClient } from './node-client.ts'

/** The node, and the token by which it takes orders from its operator. */
export interface Operator {
  node: NodeClient
  token: string
}

/** @throws CodedError `NOT_REACHABLE`, `USAGE` where the token is not in the data folder */
export async function openOperator(context: Context): Promise<Operator> {
  const { values: settings } = await context.settings()
  const { gatewayUrl } = await findNode(settings)
  return {
    node: new NodeClient(gatewayUrl, context.signal),
    token: await readToken(settings.dataDir),
  }
}

async function readToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'admin-token')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    const what = `Only the node's operator may do this, by ${path}: name the node's folder with --data-dir`
    throw cliError('USAGE', what, { cause })
  }
}
