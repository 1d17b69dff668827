/** A node in a namespace of its own: node-main.ts INDEX VALIDATORS DATA-FOLDER RPC-IP PEER-IP… */
import { openChain } from '@quoin/chain'
import { peerIdOf } from '@quoin/network'
import { createFaultsGenesis, networkKeyOf, validatorKeyOf } from '../network-faults/setting.ts'

const peerPort = 4100
const [first, validators, dataDir = '', rpcIp = '', ...ips] = process.argv.slice(2)
const index = Number(first)
const address = (at: number) => `/ip4/${ips[at]}/tcp/${peerPort}`
const node = await openChain({
  dataDir,
  genesis: createFaultsGenesis(Number(validators)),
  validatorKey: validatorKeyOf(index),
  rpc: { host: rpcIp, port: 8545 },
  network: {
    privateKey: networkKeyOf(index),
    listen: [address(index)],
    bootstrap: [...ips.keys()]
      .filter((at) => at !== index)
      .map((at) => `${address(at)}/p2p/${peerIdOf(networkKeyOf(at))}`),
  },
})
node.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
process.send?.({ rpcUrl: node.rpcUrl })
process.on('disconnect', () => process.exit(0))
