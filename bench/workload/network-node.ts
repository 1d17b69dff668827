/**
 * One validator of a network as a process of its own. Prints its addresses, and for each line on its
 * input where it is and how far its peers are. Arguments: data folder, genesis file, key of the validator,
 * key of the network, addresses of others.
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { openChain, parseGenesis } from '@quoin/chain'
import { hexToBytes } from '@quoin/kernel'

const [dataDir = '', genesisFile = '', validatorKey = '', networkKey = '', ...bootstrap] =
  process.argv.slice(2)

const chain = await openChain({
  dataDir,
  genesis: parseGenesis(JSON.parse(await readFile(genesisFile, 'utf8'))),
  validatorKey: hexToBytes(validatorKey),
  rpc: { host: '127.0.0.1', port: 0 },
  network: {
    privateKey: hexToBytes(networkKey),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap,
  },
})
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
say({ url: chain.rpcUrl, addresses: chain.network?.addresses ?? [] })

createInterface({ input: process.stdin }).on('line', async () => {
  const { height, peers } = await chain.status()
  say({ height, latenciesMs: peers.map(({ latencyMs }) => latencyMs) })
})
chain.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
process.once('SIGTERM', async () => {
  await chain[Symbol.asyncDispose]()
  process.exit(0)
})
