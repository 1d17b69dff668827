import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitChainFile } from './chain-file.ts'
import { compareAnswers } from './compare.ts'
import { parseIoFile } from './io-file.ts'

const answer = (result: unknown) => ({ jsonrpc: '2.0', id: 1, result })
const failure = (error: object) => ({ jsonrpc: '2.0', id: 1, error })

test('an exact case wants every member and no other', () => {
  const expected = answer({ a: ['0x1'], b: null })
  assert.equal(compareAnswers(expected, answer({ b: null, a: ['0x1'] }), false).difference, null)
  assert.match(
    compareAnswers(expected, answer({ a: ['0x2'], b: null }), false).difference ?? '',
    /result\.a\[0\]: want "0x1", got "0x2"/,
  )
  for (const other of [{ a: ['0x1'] }, { a: ['0x1'], b: null, c: 1 }, { a: [], b: null }])
    assert.notEqual(compareAnswers(expected, answer(other), false).difference, null)
})

test('a case about shape takes other values of the same kind only', () => {
  const expected = answer({ gas: '0x5208', steps: [{ pc: 0 }] })
  assert.equal(
    compareAnswers(expected, answer({ gas: '0x1', steps: [{ pc: 7 }, {}] }), true).difference,
    null,
  )
  for (const other of [
    { gas: 21000, steps: [] },
    { gas: '0x1' },
    { gas: '0x1', steps: [{ pc: '0x0' }] },
  ])
    assert.notEqual(compareAnswers(expected, answer(other), true).difference, null)
})

test('errors agree in code and in whether they carry data; their text is only noted', () => {
  const expected = failure({ code: 3, message: 'execution reverted', data: '0x' })
  const same = compareAnswers(
    expected,
    failure({ code: 3, message: 'reverted', data: '0x01' }),
    false,
  )
  assert.equal(same.difference, null)
  assert.match(same.note ?? '', /want "execution reverted", got "reverted"/)
  assert.notEqual(
    compareAnswers(expected, failure({ code: 3, message: 'x' }), false).difference,
    null,
  )
  assert.notEqual(
    compareAnswers(expected, failure({ code: 4, message: 'x', data: '' }), false).difference,
    null,
  )
  assert.notEqual(compareAnswers(expected, answer('0x'), false).difference, null)
})

test('an io file is read with its comments, requests and answers', () => {
  const text = '// what it does\n// speconly: shape\n>> {"id":1}\n<< {"id":1,"result":2}\n'
  const file = parseIoFile(text, { method: 'm', name: 'n' })
  assert.equal(file.specOnly, true)
  assert.deepEqual(file.exchanges, [{ request: '{"id":1}', expected: { id: 1, result: 2 } }])
})

test('a chain file is cut at its blocks, and a torn one is refused', () => {
  const short = Uint8Array.of(0xc2, 1, 2)
  const long = Uint8Array.of(0xf8, 56, ...new Uint8Array(56))
  assert.deepEqual(splitChainFile(Uint8Array.of(...short, ...long)), [short, long])
  assert.throws(() => splitChainFile(long.subarray(0, 20)), /ends within the block at byte 0/)
})
