import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { anyScope, findSessionFault } from './session.ts'

const service: Hex = `0x${'ab'.repeat(32)}`
const session = { capAtomic: 100n, expiresAt: 1000, scope: service }

test('a session covers its service, up to its cap, before its expiry', () => {
  const call = { serviceId: service, total: 100n, now: 999 }
  assert.equal(findSessionFault(session, call), null)
  assert.equal(findSessionFault(session, { ...call, total: 101n }), 'over-cap')
  assert.equal(findSessionFault(session, { ...call, now: 1000 }), 'expired')
  const other: Hex = `0x${'cd'.repeat(32)}`
  assert.equal(findSessionFault(session, { ...call, serviceId: other }), 'out-of-scope')
  assert.equal(
    findSessionFault({ ...session, scope: anyScope }, { ...call, serviceId: other }),
    null,
  )
})
