import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Link } from './link.ts'
import { Peers } from './peers.ts'

/** A link whose connection is only a direction and a state. */
function linkTo(peer: string, direction: 'inbound' | 'outbound'): Link {
  const link: unknown = { peer, connection: { direction, status: 'open' } }
  return link as Link
}

test('two nodes that dial each other at once keep the same one of their two connections', () => {
  for (const [self, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const)
    for (const order of [
      ['inbound', 'outbound'],
      ['outbound', 'inbound'],
    ] as const) {
      const peers = new Peers(self)
      for (const direction of order) peers.add(linkTo(other, direction))
      // Both keep the connection that `a` dialed.
      const expected = self === 'a' ? 'outbound' : 'inbound'
      assert.equal(peers.get(other)?.connection.direction, expected)
    }
})

test('a newer connection of one direction takes the place of the older', () => {
  const peers = new Peers('a')
  const [older, newer] = [linkTo('b', 'inbound'), linkTo('b', 'inbound')]
  peers.add(older)
  assert.equal(peers.add(newer).surplus, older)
  peers.remove(older)
  assert.equal(peers.get('b'), newer)
})
