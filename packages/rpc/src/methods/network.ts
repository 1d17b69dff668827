import { bigintToHex, bytesToHex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { parseData, required } from '../params/values.ts'
import { type MethodTable, method } from './context.ts'

const noAddress = '0x0000000000000000000000000000000000000000'

/** web3_*, net_* and the eth_* methods about the node itself. */
export const networkMethods: MethodTable = {
  web3_clientVersion: method(0, (_, { clientVersion }) => clientVersion),
  web3_sha3: method(1, (params) =>
    bytesToHex(keccak256(hexToBytes(required(params, 0, parseData)))),
  ),
  net_version: method(0, (_, { execution }) => execution.chainId.toString()),
  net_listening: method(0, () => true),
  net_peerCount: method(0, () => '0x0'),
  eth_chainId: method(0, (_, { execution }) => bigintToHex(execution.chainId)),
  eth_protocolVersion: method(0, () => '0x44'),
  eth_syncing: method(0, () => false),
  eth_mining: method(0, () => false),
  eth_hashrate: method(0, () => '0x0'),
  eth_accounts: method(0, () => []),
  eth_coinbase: method(0, (_, { execution }) =>
    execution.blocks.head.number === 0n ? noAddress : execution.blocks.head.miner,
  ),
}
