import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnigramTokenizer, type ScoredPiece } from './unigram-tokenizer.ts'

const reserved: ScoredPiece[] = ['\ufffd', '<s>', '</s>', 'a', 'b', 'c'].map((piece) => [piece, 0])
const { encode } = createUnigramTokenizer([
  ...reserved,
  ['\u2581', -2],
  ['\u2581to', -3],
  ['k', -5],
  ['en', -3],
  ['token', -4],
  ['\u2581token', -9],
  ['s', -1],
  ['t', -8],
  ['o', -8],
  ['e', -8],
  ['n', -8],
])

test('of all cuts the one with the highest sum of scores is taken', () => {
  assert.deepEqual(encode('token'), [6, 10], '▁ + token (−6) beats ▁token (−9)')
  assert.deepEqual(encode('to'), [7])
})

test('characters without a piece are unknown, and runs of them are one token', () => {
  assert.deepEqual(encode('s§§§s'), [6, 12, 0, 12])
  assert.deepEqual(encode('🙂'), [6, 0])
})

test('text is normalized first, and an empty one has no tokens', () => {
  assert.deepEqual(encode('ﬅ'), encode('st'))
  assert.deepEqual(encode('\u{ff53}'), encode('s'))
  assert.deepEqual(encode(''), [])
})
