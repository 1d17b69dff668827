import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import fc from 'fast-check'
import { ForkSchedule } from '../chain/forks.ts'
import { Store } from '../chain/store.ts'
import { toHex } from '../codec/bytes.ts'
import { blankAccount } from '../state/account.ts'
import { NodeStore } from '../state/node-store.ts'
import { emptyTrieRoot } from '../state/trie.ts'
import { WorldState } from '../state/world-state.ts'
import { createTestGenesis } from '../testing/test-genesis.ts'
import { createFolder, miner } from '../testing/test-node.ts'
import { Machine } from './machine.ts'
import { applyMessage } from './transition.ts'

const sender: Hex = '0x0000000000000000000000000000000000001000'
const target: Hex = '0x0000000000000000000000000000000000002000'
const other: Hex = '0x0000000000000000000000000000000000003000'

/** Short programs of operations that do something, rather than of random bytes that fail at once. */
const piece = fc.oneof(
  fc.nat(255).map((byte) => [0x60, byte]),
  fc.nat(40).map((byte) => [0x60, byte]),
  fc
    .constantFrom(
      ...[0x01, 0x02, 0x03, 0x04, 0x0a, 0x10, 0x14, 0x16, 0x19, 0x1b, 0x20, 0x30, 0x31, 0x33, 0x34],
      ...[0x35, 0x36, 0x37, 0x39, 0x3b, 0x3c, 0x3d, 0x3f, 0x40, 0x42, 0x47, 0x48, 0x50, 0x51, 0x52],
      ...[0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x80, 0x81],
      ...[0x90, 0xa0, 0xa1, 0xf0, 0xf3, 0xf5, 0xfa, 0xfd, 0xfe, 0xff, 0x0c],
    )
    .map((opcode) => [opcode]),
  // call(gas, 0x3000, value, 0, 32, 0, 32) and its kin
  fc
    .constantFrom(0xf1, 0xf2)
    .map((opcode) => [0x60, 32, 0x5f, 0x60, 32, 0x5f, 0x60, 1, 0x61, 0x30, 0, 0x5a, opcode]),
  fc
    .constantFrom(0xf4, 0xfa)
    .map((opcode) => [0x60, 32, 0x5f, 0x60, 32, 0x5f, 0x61, 0x30, 0, 0x5a, opcode]),
  fc.tuple(fc.nat(9), fc.nat(9)).map(([slot, value]) => [0x60, value, 0x60, slot, 0x55]),
)
const program = fc
  .array(piece, { minLength: 1, maxLength: 40 })
  .map((pieces) => Uint8Array.from([0x60, 5, 0x60, 7, 0x60, 3, ...pieces.flat()]))

test("the fast loop does what the library's own loop does, for programs of all kinds", async () => {
  await using folder = await createFolder()
  await using store = await Store.open(folder.path)
  const nodes = new NodeStore(store)
  const forks = new ForkSchedule(createTestGenesis())
  const fresh = () => new WorldState(nodes, emptyTrieRoot)
  const machine = await Machine.create(forks.commonFor(forks.forkAt(1n, 1n)), fresh(), {
    isPatient: false,
  })
  const run = async ([code, called]: [Uint8Array, Uint8Array], isLibrary: boolean) => {
    machine.evm.events.removeAllListeners()
    let steps = 0
    if (isLibrary) machine.evm.events.on('step', () => void steps++)
    const world = fresh()
    world.setAccount(sender, { ...blankAccount, balance: 10n ** 18n })
    world.setCode(target, code)
    world.setCode(other, called)
    machine.set(world, {
      number: 7n,
      timestamp: 70n,
      gasLimit: 30_000_000n,
      miner,
      difficulty: 0n,
      mixHash: `0x${'11'.repeat(32)}`,
      baseFeePerGas: 7n,
      blobBaseFee: 1n,
      blockHash: () => `0x${'22'.repeat(32)}`,
    })
    const outcome = await applyMessage(machine, {
      from: sender,
      to: target,
      nonce: 0n,
      gas: 60_000n,
      value: 5n,
      input: '0x0102030405',
      gasPrice: 8n,
      feeCap: 8n,
      tip: 1n,
      accessList: [],
      authorizationList: null,
      blobHashes: null,
      maxFeePerBlobGas: 0n,
    })
    return { steps, result: { ...outcome, stateRoot: toHex(world.seal().stateRoot) } }
  }
  let librarySteps = 0
  let successes = 0
  await fc.assert(
    fc.asyncProperty(program, program, async (code, called) => {
      const library = await run([code, called], true)
      const fast = await run([code, called], false)
      assert.deepEqual(fast.result, library.result)
      librarySteps += library.steps
      if (fast.result.failure === null) successes++
    }),
    { numRuns: 250 },
  )
  assert.ok(librarySteps > 1000, 'the library did run step by step')
  assert.ok(successes > 20, `${successes} programs ended well`)
})
