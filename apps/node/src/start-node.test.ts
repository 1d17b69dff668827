import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createGenesis, validatorOf } from '@quoin/chain'
import { blockId } from '@quoin/headers'
import { NodeConfig } from './config.ts'
import { openNodeKeys } from './node-keys.ts'
import { type Node, startNode } from './start-node.ts'

const listen = ['/ip4/127.0.0.1/tcp/0']

test('a node dials again after a restart whom it knew before, without being told', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-peers-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const genesis = join(folder, 'genesis.json')
  const { validator } = await openNodeKeys(join(folder, 'first'), undefined)
  const validators = [validatorOf(validator)]
  const one = createGenesis({ chainId: 31402, timestamp: 1, alloc: {}, validators })
  await writeFile(genesis, JSON.stringify(one))
  const start = (name: string, bootstrap: readonly string[] = []) =>
    startNode({
      config: NodeConfig.parse({
        ...{ dataDir: join(folder, name), services: 'chain', rpcPort: 0, monitorPort: 0 },
        ...{ genesis, listen, bootstrap },
      }),
    })
  await using first = await start('first')
  {
    await using second = await start('second', first.chain.network?.addresses)
    await untilConnected(first, second)
  }
  await using second = await start('second')
  await untilConnected(first, second)
})

test('a node insists on its checkpoint, whether it has the block already or comes to it', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-checkpoint-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const start = (checkpoint?: string) =>
    startNode({
      config: NodeConfig.parse({
        ...{ dataDir, services: 'chain', rpcPort: 0, monitorPort: 0 },
        ...{ blockTimeMs: 50, heartbeatMs: 1000, checkpoint },
      }),
    })
  const other = `0x${'77'.repeat(32)}`
  let right: string
  {
    await using node = await start(`1:${other}`)
    await assert.rejects(node.failure, { code: 'CHECKPOINT_MISMATCH', message: /Block 1 .* 0x77/ })
    assert.ok(node.chain.engine === 'bft')
    const decided = await node.chain.blocks.byHeight(1)
    assert.ok(decided)
    right = `1:${blockId(decided.block.header)}`
  }
  await assert.rejects(start(`1:${other}`), { code: 'CHECKPOINT_MISMATCH' })
  await using node = await start(right)
  assert.ok((await node.chain.status()).height >= 1)
})

async function untilConnected(...nodes: Node[]): Promise<void> {
  const limit = performance.now() + 30_000
  while (!nodes.every(({ chain }) => chain.network?.peers().length === 1)) {
    assert.ok(performance.now() < limit, 'not connected within half a minute')
    await delay(20)
  }
}
