/**
 * One node's process: node-main.ts INDEX VALIDATORS DATA-FOLDER RPC-PORT BOOTSTRAP… Who comes after the
 * validators follows, and begins at a snapshot.
 */
import { openChain } from '@quoin/chain'
import { createFaultsGenesis, networkKeyOf, validatorKeyOf } from './setting.ts'

const [index, validators, dataDir = '', rpcPort, ...bootstrap] = process.argv.slice(2)
const isValidator = Number(index) < Number(validators)
const node = await openChain({
  dataDir,
  genesis: createFaultsGenesis(Number(validators)),
  validatorKey: isValidator ? validatorKeyOf(Number(index)) : null,
  rpc: { host: '127.0.0.1', port: Number(rpcPort) },
  network: {
    privateKey: networkKeyOf(Number(index)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    // Nobody is told the way round the proxies.
    announce: [],
    bootstrap,
  },
  // This genesis is old.
  ...(isValidator ? {} : { sync: { trustingPeriodMs: Number.POSITIVE_INFINITY } }),
})
node.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
const port = Number(/\/tcp\/(\d+)/.exec(node.network?.addresses[0] ?? '')?.[1])
process.send?.({ port, rpcUrl: node.rpcUrl })
process.on('disconnect', () => process.exit(0))
