/**
 * A node that fills a chain or catches up with one, as a process of its own. Prints where it listens once it
 * runs, and for each line on its input how far it is. Arguments: data folder, genesis file, key of the
 * validator or -, number of the network key, time between empty blocks, genesis|snapshot, addresses of others.
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { openChain, parseGenesis } from '@quoin/chain'
import { hexToBytes } from '@quoin/kernel'

const [dataDir = '', genesisFile = '', key = '-', number, heartbeatMs, from, ...bootstrap] =
  process.argv.slice(2)
let parts = 0
const sync = {
  onProgress(progress: { stage: string; parts?: number }) {
    parts = progress.parts ?? parts
  },
}
const chain = await openChain({
  dataDir,
  genesis: parseGenesis(JSON.parse(await readFile(genesisFile, 'utf8'))),
  validatorKey: key === '-' ? null : hexToBytes(key),
  heartbeatMs: Number(heartbeatMs),
  rpc: { host: '127.0.0.1', port: 0 },
  network: {
    privateKey: new Uint8Array(32).fill(Number(number)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap,
  },
  ...(from === 'snapshot' ? { sync } : {}),
})
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
say({ url: chain.rpcUrl, addresses: chain.network?.addresses ?? [] })

createInterface({ input: process.stdin }).on('line', async () => {
  const { number: head } = await chain.execution.head()
  say({ height: Number(head), parts })
})
chain.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
process.once('SIGTERM', async () => {
  await chain[Symbol.asyncDispose]()
  process.exit(0)
})
