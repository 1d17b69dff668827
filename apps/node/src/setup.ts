/**
 * What is made before a node runs: its keys, what its owner tells the others of it, and the genesis that
 * they begin with. An entrance of its own, so that the command line loads it only where it is needed.
 */
export { readGenesisFile } from './genesis.ts'
export { type Member, memberOf, parseMember } from './member.ts'
export {
  type BftOrder,
  createNetworkGenesis,
  type NetworkGenesisOptions,
  type Policy,
  type PowOrder,
  policies,
} from './network-genesis.ts'
export { type NodeKeys, openNodeKeys } from './node-keys.ts'
