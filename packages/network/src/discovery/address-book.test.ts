import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import fc from 'fast-check'
import { networkKey } from '../identity.ts'
import { AddressBook } from './address-book.ts'
import { isVisible, narrowest, scopeOf } from './address-scope.ts'
import { openRecord, signRecord } from './peer-record.ts'

const chain = `0x${'11'.repeat(32)}` as const
const otherChain = `0x${'22'.repeat(32)}` as const
const refused = (error: unknown) => error instanceof CodedError && error.code === 'FRAME_MALFORMED'

test('an address has the scope in which it can be reached', () => {
  const cases = {
    '/ip4/127.0.0.1/tcp/1': 'loopback',
    '/ip6/::1/tcp/1': 'loopback',
    '/ip4/10.1.2.3/tcp/1': 'private',
    '/ip4/192.168.0.1/tcp/1': 'private',
    '/ip6/fd00::1/tcp/1': 'private',
    '/dns4/db.internal/tcp/1': 'private',
    '/ip4/8.8.8.8/tcp/1': 'public',
    '/dns4/node.example.org/tcp/1': 'public',
    '/ip4/8.8.8.8/udp/1': undefined,
    nonsense: undefined,
  }
  for (const [address, scope] of Object.entries(cases))
    assert.equal(scopeOf(address), scope, address)
})

test('nothing of a host or a private network is told to, or believed from, who is farther away', () => {
  assert.equal(isVisible('loopback', 'private'), false)
  assert.equal(isVisible('private', 'public'), false)
  assert.equal(isVisible('public', 'loopback'), true)
  assert.equal(narrowest(['/ip4/8.8.8.8/tcp/1', '/ip4/10.0.0.1/tcp/1']), 'private')
})

test('only the peer itself can say where it is, and only for one chain', async () => {
  const addresses = ['/ip4/192.0.2.1/tcp/4001', '/dns4/a.example.org/tcp/1']
  const record = await signRecord(networkKey(randomBytes(32)), { chain, at: 5, addresses })
  assert.deepEqual(await openRecord(record.bytes, chain), record)
  await assert.rejects(openRecord(record.bytes, otherChain), refused)
  for (let at = 0; at < record.bytes.length; at += 3) {
    const changed = Uint8Array.from(record.bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await assert.rejects(openRecord(changed, chain), refused, `byte ${at}`)
  }
})

test('no bytes break the reader of records', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 1_100 }), async (bytes) => {
      await assert.rejects(openRecord(bytes, chain), refused)
    }),
  )
})

test('a full book keeps whom it has met and forgets hearsay', async () => {
  const book = new AddressBook(3)
  const record = () =>
    signRecord(networkKey(randomBytes(32)), { chain, at: 1, addresses: ['/ip4/8.8.8.8/tcp/1'] })
  const met = await record()
  book.add(met, Date.now())
  for (let count = 0; count < 20; count++) book.add(await record())
  assert.equal(book.size, 3)
  assert.deepEqual(
    book.toTell('public', 32).map(({ peer }) => peer),
    [met.peer],
  )
})
