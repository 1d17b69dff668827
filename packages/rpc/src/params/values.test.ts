import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bigintToHex } from '@quoin/kernel'
import fc from 'fast-check'
import { errorToJson } from '../errors.ts'
import {
  optional,
  parseAddress,
  parseData,
  parseHash,
  parseQuantity,
  parseStorageKey,
  parseUint64,
  required,
} from './values.ts'

const message = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return errorToJson(error)
  }
  throw new Error('nothing was thrown')
}

test('a quantity comes back as it went out', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (number) => {
      assert.equal(parseQuantity(bigintToHex(number), 0), number)
    }),
  )
})

test('a quantity beyond its bits is refused, whatever its length', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 2n ** 64n, max: 2n ** 300n }), (number) => {
      assert.deepEqual(
        message(() => parseUint64(bigintToHex(number), 2)),
        {
          code: -32602,
          message: 'invalid argument 2: hex number > 64 bits',
        },
      )
    }),
  )
})

test('malformed hex is refused in geth’s words', () => {
  const cases: [() => unknown, string][] = [
    [() => parseQuantity('2', 0), 'hex string without 0x prefix'],
    [() => parseQuantity('', 0), 'empty hex string'],
    [() => parseQuantity('0x', 0), 'hex string "0x"'],
    [() => parseQuantity('0x01', 0), 'hex number with leading zero digits'],
    [() => parseQuantity('0xzz', 0), 'invalid hex string'],
    [() => parseQuantity(7, 0), 'non-string where hex is expected'],
    [() => parseData('0x123', 0), 'hex string of odd length'],
    [() => parseAddress('0x1234', 0), 'hex string has length 4, want 40 for an address'],
    [() => parseHash(`0x${'00'.repeat(33)}`, 0), 'hex string has length 66, want 64 for a hash'],
  ]
  for (const [work, problem] of cases)
    assert.deepEqual(message(work), { code: -32602, message: `invalid argument 0: ${problem}` })
})

test('addresses are taken in any case and kept in lower case', () => {
  assert.equal(
    parseAddress('0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 0),
    '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  )
})

test('storage keys of every form become whole words', () => {
  const one = `0x${'0'.repeat(63)}1`
  assert.equal(parseStorageKey('0x1', 0), one)
  assert.equal(parseStorageKey('0x01', 0), one)
  assert.equal(parseStorageKey(one, 0), one)
  assert.equal(
    message(() => parseStorageKey('0xasdf', 0)).message,
    'invalid hex in storage key: "0xasdf"',
  )
  assert.match(message(() => parseStorageKey(`0x0${one.slice(2)}`, 0)).message, /too long/)
})

test('a missing argument is named by its place, an optional one has its default', () => {
  assert.equal(
    message(() => required(['0x1'], 1, parseData)).message,
    'missing value for required argument 1',
  )
  assert.equal(optional([], 0, parseData, '0xff'), '0xff')
  assert.equal(optional([null], 0, parseData, '0xff'), '0xff')
})
