/** One miner's process: pow-node-main.ts INDEX NODES DATA-FOLDER RPC-PORT BOOTSTRAP… Every second one mines. */
import { openChain } from '@quoin/chain'
import { createPowGenesis, networkKeyOf, validatorKeyOf } from './setting.ts'

const [index, , dataDir = '', rpcPort, ...bootstrap] = process.argv.slice(2)
const node = await openChain({
  dataDir,
  genesis: createPowGenesis(),
  validatorKey: validatorKeyOf(Number(index)),
  miningThreads: Number(index) % 2 === 0 ? 1 : 0,
  rpc: { host: '127.0.0.1', port: Number(rpcPort) },
  network: {
    privateKey: networkKeyOf(Number(index)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    // Nobody is told the way round the proxies.
    announce: [],
    bootstrap,
  },
})
node.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
const port = Number(/\/tcp\/(\d+)/.exec(node.network?.addresses[0] ?? '')?.[1])
process.send?.({ port, rpcUrl: node.rpcUrl })
process.on('disconnect', () => process.exit(0))
