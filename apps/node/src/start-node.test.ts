import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createGenesis, validatorOf } from '@quoin/chain'
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

async function untilConnected(...nodes: Node[]): Promise<void> {
  const limit = performance.now() + 30_000
  while (!nodes.every(({ chain }) => chain.network?.peers().length === 1)) {
    assert.ok(performance.now() < limit, 'not connected within half a minute')
    await delay(20)
  }
}
