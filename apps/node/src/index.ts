/**
 * One node with everything embedded: keys, a private chain with the contracts at genesis, models, market and
 * gateway. It composes and owns lifetimes; what the parts do is theirs.
 */
export { readAdminToken } from './admin-token.ts'
export { NodeConfig } from './config.ts'
export { developmentAccount } from './development-account.ts'
export { createLogger } from './log.ts'
export { type Node, type NodeOptions, startNode } from './start-node.ts'
export { version } from './version.ts'
