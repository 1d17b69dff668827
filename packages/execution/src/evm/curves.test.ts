import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVMOpts, NobleBLS, NobleBN254 } from '@ethereumjs/evm'
import { createAddressFromString } from '@ethereumjs/util'
import fc from 'fast-check'
import { curves } from './curves.ts'

/** Generators, their negatives and order-related scalars, as EIP-196, 197 and 2537 encode them. */
const bls = {
  g1: '0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1',
  order: '73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001',
}
const bn = {
  g1: `${'0'.repeat(63)}1${'0'.repeat(63)}2`,
  order: '30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001',
}
const scalar = fc.oneof(
  fc.constantFrom('0'.repeat(64), bls.order, bn.order, 'f'.repeat(64)),
  fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex')),
)
const bytes = (size: number) =>
  fc
    .uint8Array({ minLength: size, maxLength: size })
    .map((each) => Buffer.from(each).toString('hex'))
const zeros = (size: number) => fc.constant('00'.repeat(size))
const blsPoint = fc.oneof(fc.constant(bls.g1), zeros(128), bytes(128))
const bnPoint = fc.oneof(fc.constant(bn.g1), zeros(64), bytes(64))
const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(''))
const call = fc.oneof(
  join(fc.constant('06'), bnPoint, bnPoint),
  join(fc.constant('07'), bnPoint, scalar),
  join(fc.constant('08'), bnPoint, fc.oneof(zeros(128), bytes(128))),
  join(fc.constant('0b'), blsPoint, blsPoint),
  join(fc.constant('0c'), blsPoint, scalar, blsPoint, scalar),
  join(fc.constant('0d'), fc.oneof(zeros(256), bytes(256)), zeros(256)),
  join(fc.constant('0f'), blsPoint, fc.oneof(zeros(256), bytes(256))),
  join(fc.constant('10'), zeros(16), bytes(48)),
  join(fc.constant('10'), zeros(17), bytes(47)),
  join(fc.constant('11'), zeros(17), bytes(47), zeros(17), bytes(47)),
)

test('curves in WebAssembly answer and refuse as those in plain JavaScript', async () => {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague })
  const run = async (options: Pick<EVMOpts, 'bls' | 'bn254'>, text: string) => {
    const evm = await createEVM({ common, ...options })
    const to = createAddressFromString(`0x${text.slice(0, 2).padStart(40, '0')}`)
    const data = Buffer.from(text.slice(2), 'hex')
    const { execResult } = await evm.runCall({ to, data, gasLimit: 1_000_000n })
    return {
      isRefused: execResult.exceptionError !== undefined,
      gas: execResult.executionGasUsed,
      value: Buffer.from(execResult.returnValue).toString('hex'),
    }
  }
  const plain = { bls: new NobleBLS(), bn254: new NobleBN254() }
  const fast = await curves
  await fc.assert(
    fc.asyncProperty(call, async (text) => {
      assert.deepEqual(await run(fast, text), await run(plain, text))
    }),
    { numRuns: 200 },
  )
})
