/**
 * A node that begins at a snapshot, as a process to be killed: `joining-main.ts FOLDER GENESIS-FILE
 * BOOTSTRAP…`. Says each stage on a line of its own, `state PARTS` as the state comes, and at last
 * `ready RPC-URL HEIGHT`. It makes no blocks: its folder is where the sync left it.
 */

import { writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { openChain, parseGenesis } from '../index.ts'

const [dataDir = '', genesisPath = '', ...bootstrap] = process.argv.slice(2)
const say = (...words: (string | number)[]) => writeSync(1, `${words.join(' ')}\n`)
say('start')
const chain = await openChain({
  dataDir,
  genesis: parseGenesis(JSON.parse(await readFile(genesisPath, 'utf8'))),
  validatorKey: null,
  rpc: { host: '127.0.0.1', port: 0 },
  network: {
    privateKey: new Uint8Array(32).fill(0x6b),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap,
  },
  sync: {
    onProgress: (progress) =>
      say(progress.stage, ...(progress.stage === 'state' ? [progress.parts] : [])),
  },
})
chain.onFailure((failure) => {
  console.error(failure)
  process.exit(1)
})
say('ready', chain.rpcUrl, (await chain.status()).height)
