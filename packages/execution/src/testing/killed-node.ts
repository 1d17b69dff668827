/**
 * The process that the kill test kills: sends transactions, makes blocks, and says each
 * acknowledgement on its standard output the moment it has it.
 * Arguments: the data folder, and the number of transactions in a block.
 */
import { writeSync } from 'node:fs'
import type { Hex } from '@quoin/kernel'
import { openExecution } from '../open-execution.ts'
import { accounts, counter, createTestGenesis } from './test-genesis.ts'
import { sign, TestNode } from './test-node.ts'

const [dataDir = '', size = '10'] = process.argv.slice(2)
const node = new TestNode(await openExecution({ dataDir, genesis: createTestGenesis() }))
const say = (what: string, value: string) => writeSync(1, `${what} ${value}\n`)
say('open', node.head.hash)
const [sender] = accounts
if (sender === undefined) throw new Error('There are accounts')
const address = sender.address.toLowerCase() as Hex
for (;;) {
  for (let i = 0; i < Number(size); i++) {
    const nonce = Number(await node.execution.pool.nextNonce(address))
    const to =
      nonce % 2 === 0
        ? counter.address
        : (`0x${(nonce + 4096).toString(16).padStart(40, '0')}` as const)
    const raw = await sign(sender, { nonce, to, gas: 100_000n, value: 1n })
    say('transaction', await node.execution.pool.add(raw))
  }
  const { header } = await node.mine()
  say('head', header.hash)
}
