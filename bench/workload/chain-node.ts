/**
 * A whole Quoin chain node as a process of its own: consensus, execution, JSON-RPC. Prints its RPC
 * address. Arguments: data folder, genesis file, key of the validator, block time in milliseconds.
 */
import { readFile } from 'node:fs/promises'
import { openChain, parseGenesis } from '@quoin/chain'
import { type Hex, hexToBytes } from '@quoin/kernel'

const [dataDir = '', genesisFile = '', key = '', blockTimeMs = '1000'] = process.argv.slice(2)
const genesis = parseGenesis(JSON.parse(await readFile(genesisFile, 'utf8')))
const chain = await openChain({
  dataDir,
  genesis,
  validatorKey: hexToBytes(key),
  feeRecipient: '0x00000000000000000000000000000000000000fe' satisfies Hex,
  blockTimeMs: Number(blockTimeMs),
  heartbeatMs: Number(blockTimeMs),
  rpc: { host: '127.0.0.1', port: 0 },
})
console.log(JSON.stringify({ url: chain.rpcUrl }))
process.on('SIGTERM', async () => {
  await chain[Symbol.asyncDispose]()
  process.exit(0)
})
