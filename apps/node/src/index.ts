/**
 * One node with everything embedded: keys, a private chain with the contracts at genesis, models, market and
 * gateway. It composes and owns lifetimes; what the parts do is theirs.
 */
import type { Node, NodeOptions } from './start-node.ts'

export { readAdminToken } from './admin-token.ts'
export { NodeConfig } from './config.ts'
export { developmentAccount } from './development-account.ts'
export { createLogger } from './log.ts'
export { NodeStatus } from './monitor/status.ts'
export { version } from './version.ts'

export type { Node, NodeOptions }

/**
 * Starts a node on its data folder; a first start makes keys and a private chain there. The parts are loaded
 * only then, so that those who need a node's settings alone stay quick.
 * @throws CodedError `DATA_FOLDER_IN_USE`, `PORT_IN_USE`, `PORT_TAKEN`, `WRONG_PASSWORD`, `MODEL_CORRUPT` and others of the parts
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const start = await import('./start-node.ts')
  return start.startNode(options)
}
