import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ChannelRecord } from '@quoin/sdk'
import { generatePrivateKey } from 'viem/accounts'
import { ChannelFolder } from './channel-folder.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-channels-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'channels')
}

const address = (digit: string) => `0x${digit.repeat(40)}` as const

function record(digit: string): ChannelRecord {
  return {
    channelId: `0x${digit.repeat(64)}`,
    chainId: 31402,
    config: {
      payer: address('1'),
      payerAuthorizer: address('2'),
      receiver: address('3'),
      receiverAuthorizer: address('4'),
      token: address('5'),
      withdrawDelay: 900,
      salt: `0x${'6'.repeat(64)}`,
    },
    sessionKey: generatePrivateKey(),
    session: { capAtomic: 10n ** 30n, expiresAt: 2_000_000_000 },
    expiresAt: 2_000_000_000,
    deposited: 10n ** 20n,
    charged: 7n,
    signed: 19n,
    used: [12n, 19n],
    lastReceipt: { sequence: 3n, cumulative: 7n },
  }
}

test('a channel comes back as it was saved, in this run and in the next', async (t) => {
  const folder = await temporaryFolder(t)
  const [first, second] = [record('a'), record('b')]
  const store = new ChannelFolder(folder)
  await store.save(first)
  await store.save({ ...first, charged: 8n })
  await store.save(second)
  const expected = [{ ...first, charged: 8n }, second]
  assert.deepEqual(await store.list(), expected)
  assert.deepEqual(await new ChannelFolder(folder).list(), expected)
  await store.remove(first.channelId)
  assert.deepEqual(await store.list(), [second])
})

test('session keys are never on the disk in the clear, and no one else can read the files', async (t) => {
  const folder = await temporaryFolder(t)
  const channel = record('c')
  await new ChannelFolder(folder).save(channel)
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8')
    assert.ok(!text.includes(channel.sessionKey.slice(2)), name)
    assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name)
  }
})

test('a folder that does not exist has no channels', async (t) => {
  assert.deepEqual(await new ChannelFolder(await temporaryFolder(t)).list(), [])
})

test('stores that start at once agree on one password', async (t) => {
  const folder = await temporaryFolder(t)
  const channels = ['a', 'b', 'c', 'd'].map(record)
  await Promise.all(channels.map((channel) => new ChannelFolder(folder).save(channel)))
  assert.deepEqual(await new ChannelFolder(folder).list(), channels)
})
