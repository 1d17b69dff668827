/**
 * A chain node as a process, to be killed: `chain-process.ts FOLDER BLOCK_TIME_MS`. Says
 * `{"rpcUrl": …, "pid": …}` on a line of its own when it is ready, and ends cleanly on SIGTERM.
 */
import { writeSync } from 'node:fs'
import { hexToBytes } from '@quoin/kernel'
import { openChain } from '../../src/index.ts'
import { createTestGenesis, validatorKey } from './test-genesis.ts'

const [dataDir, blockTime] = process.argv.slice(2)
if (!dataDir || !blockTime) throw new Error('usage: chain-process.ts FOLDER BLOCK_TIME_MS')

const chain = await openChain({
  dataDir,
  genesis: createTestGenesis(),
  validatorKey: hexToBytes(validatorKey),
  blockTimeMs: Number(blockTime),
  rpc: { host: '127.0.0.1', port: 0 },
})
chain.onFailure((failure) => {
  console.error(failure)
  process.exitCode = 1
})
process.once('SIGTERM', () => void chain[Symbol.asyncDispose]())
writeSync(1, `${JSON.stringify({ rpcUrl: chain.rpcUrl, pid: process.pid })}\n`)
