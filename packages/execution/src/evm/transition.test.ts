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
import { createFolder } from '../testing/test-node.ts'
import { type Environment, Machine } from './machine.ts'
import type { Message } from './message.ts'
import { applyMessage } from './transition.ts'

const address = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
/** Accounts 1000 and up have coins, 1002 has code, 1003 delegates to it; 1 to 10 are precompiles. */
const someone = fc.constantFrom(1000, 1001, 1002, 1003, 1004, 7, 5000, 5001).map(address)

const message: fc.Arbitrary<Message> = fc
  .record({
    from: fc.constantFrom(1000, 1001).map(address),
    to: someone,
    value: fc.constantFrom(0n, 1n, 10n ** 17n, 10n ** 30n),
    gas: fc.constantFrom(21000n, 21040n, 30000n, 20999n),
    feeCap: fc.constantFrom(7n, 8n, 100n, 1000n),
    tip: fc.constantFrom(0n, 1n, 100n),
    nonce: fc.constantFrom(0n, 1n, 2n),
    input: fc.constantFrom<Hex>('0x', '0x00', '0x0001', '0xffff'),
    accessList: fc.constantFrom<Message['accessList']>(
      [],
      [{ address: address(9), storageKeys: [] }],
    ),
  })
  .map((fields) => ({
    ...fields,
    gasPrice: fields.feeCap < 7n + fields.tip ? fields.feeCap : 7n + fields.tip,
    authorizationList: null,
    blobHashes: null,
    maxFeePerBlobGas: 0n,
  }))

test('a plain transfer ends as it would in the EVM, state root and all', async () => {
  await using folder = await createFolder()
  await using store = await Store.open(folder.path)
  const nodes = new NodeStore(store)
  const forks = new ForkSchedule(createTestGenesis())
  const common = () => forks.commonFor(forks.forkAt(1n, 1n))
  const start = new WorldState(nodes, emptyTrieRoot)
  const machines = [false, true].map((alwaysEvm) => ({ alwaysEvm }))
  const run = async (messages: readonly Message[], alwaysEvm: boolean, miner: Hex) => {
    const world = populated(new WorldState(nodes, emptyTrieRoot))
    const machine = await Machine.create(common(), start, { isPatient: false })
    machine.set(world, environmentWith(miner))
    const outcomes = []
    for (const each of messages)
      outcomes.push(
        await applyMessage(machine, each, { alwaysEvm }).catch((cause: Error) => cause.message),
      )
    return { outcomes, stateRoot: toHex(world.seal().stateRoot) }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 6 }),
      someone,
      async (messages, miner) => {
        const [short, full] = await Promise.all(
          machines.map(({ alwaysEvm }) => run(messages, alwaysEvm, miner)),
        )
        assert.deepEqual(short, full)
      },
    ),
    { numRuns: 150 },
  )
})

function populated(world: WorldState): WorldState {
  for (const n of [1000, 1001])
    world.setAccount(address(n), { ...blankAccount, balance: 10n ** 18n })
  world.setCode(address(1002), Uint8Array.of(0x60, 0x01, 0x50))
  world.setCode(address(1003), Buffer.from(`ef0100${address(1002).slice(2)}`, 'hex'))
  world.setAccount(address(1004), blankAccount)
  return world
}

function environmentWith(miner: Hex): Environment {
  return {
    number: 1n,
    timestamp: 1n,
    gasLimit: 30_000_000n,
    miner,
    difficulty: 0n,
    mixHash: `0x${'00'.repeat(32)}`,
    baseFeePerGas: 7n,
    blobBaseFee: 1n,
    blockHash: () => null,
  }
}
