import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { refuseInterrupted } from './begin-from-snapshot.ts'

const hash: Hex = `0x${'11'.repeat(32)}`
const timestamp: Hex = '0x1'
const executionAt = (number: Hex) => ({
  head: async () => ({ hash, number, timestamp, genesisHash: hash }),
})

it('a folder whose execution is at a snapshot that consensus never took is refused, others are not', async () => {
  await refuseInterrupted({ height: 0 }, executionAt('0x0'), 'folder')
  await refuseInterrupted({ height: 300 }, executionAt('0x12c'), 'folder')
  await assert.rejects(refuseInterrupted({ height: 0 }, executionAt('0x100'), 'folder'), {
    code: 'SNAPSHOT_INTERRUPTED',
    message: /snapshot of block 256/,
  })
})
