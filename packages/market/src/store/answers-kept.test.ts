import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../test-support/open-test-market.ts'
import type { Write } from './statements.ts'
import { Store } from './store.ts'

const payer = '0x01'

function answerOf(key: string, bytes: number, createdAt: number): Write {
  return ['addAnswer', payer, key, 'request', 200, '{}', Buffer.alloc(bytes), createdAt]
}

test('stored answers take a bounded place: the oldest go first', async () => {
  await using folder = await temporaryFolder()
  await using store = await Store.open(folder.path)
  await store.write('answers', [
    answerOf('newest', 400, 3),
    answerOf('oldest', 10, 1),
    answerOf('older', 500, 2),
  ])
  const kept = () => ['oldest', 'older', 'newest'].filter((key) => store.reads.answer(payer, key))
  await store.write('answers', [['dropAnswersBeyond', 910]])
  assert.deepEqual(kept(), ['oldest', 'older', 'newest'])
  await store.write('answers', [['dropAnswersBeyond', 900]])
  assert.deepEqual(kept(), ['older', 'newest'])
  await store.write('answers', [['dropAnswersBeyond', 899]])
  assert.deepEqual(kept(), ['newest'])
})
