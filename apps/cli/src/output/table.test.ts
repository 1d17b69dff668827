import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderFacts, renderTable } from './table.ts'
import { shortHex, wrap } from './text.ts'

test('columns line up whatever styles their cells carry', () => {
  const lines = renderTable(
    [{ title: 'Name' }, { title: 'Price', align: 'right' }],
    [
      ['\u001b[32mok\u001b[39m', '1.5'],
      ['longer', '12'],
    ],
  )
  assert.deepEqual(lines, ['Name    Price', '\u001b[32mok\u001b[39m        1.5', 'longer     12'])
})

test('facts have their values in one column', () => {
  assert.deepEqual(
    renderFacts([
      ['a', '1'],
      ['long', '2'],
    ]),
    ['a     1', 'long  2'],
  )
})

test('text is broken at spaces, and long hex shortened', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.equal(shortHex(`0x${'ab'.repeat(32)}`), '0xabababab…ababab')
})
