import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMPT, verifyMPTWithMerkleProof } from '@ethereumjs/mpt'
import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { fromHex, toHex } from '../codec/bytes.ts'
import { asBytes, decodeRlp } from '../codec/rlp.ts'
import { decodeAccount } from '../state/account.ts'
import { accounts, counter } from '../testing/test-genesis.ts'
import { openTestNode } from '../testing/test-node.ts'

const [alice] = accounts
assert.ok(alice)
const slot = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`

/** What a client believes of a key, given a root that it trusts and a proof that it does not. */
async function prove(root: Hex, key: Hex, proof: readonly Hex[]): Promise<Uint8Array | null> {
  const verifier = await createMPT()
  return verifyMPTWithMerkleProof(
    verifier,
    fromHex(root),
    keccak256(fromHex(key)),
    proof.map(fromHex),
  )
}

test('an account and its slots, set and unset, are proved to who knows only the state root', async () => {
  await using node = await openTestNode()
  for (let nonce = 0; nonce < 3; nonce++) {
    await node.send(alice, { to: counter.address, nonce, gas: 100_000n })
    await node.mine()
  }
  const state = await node.execution.state(node.head.hash)
  assert.ok(state)
  const proof = await state.proof(counter.address, [slot(0), slot(2), slot(99)])
  const account = await prove(node.head.stateRoot, counter.address, proof.accountProof)
  assert.ok(account)
  const { nonce, balance, storageRoot, codeHash } = decodeAccount(account)
  assert.deepEqual(
    { nonce, balance, storageHash: toHex(storageRoot), codeHash: toHex(codeHash) },
    {
      nonce: proof.nonce,
      balance: 3n,
      storageHash: proof.storageHash,
      codeHash: proof.codeHash,
    },
  )
  const values = await Promise.all(
    proof.storageProof.map(({ key, proof: nodes }) => prove(proof.storageHash, key, nodes)),
  )
  const found = values.map((value) => value && toHex(asBytes(decodeRlp(value))))
  assert.deepEqual(found, ['0x03', '0x02', null], 'the count, the count at block 2, and nothing')
  assert.deepEqual(
    proof.storageProof.map(({ value }) => value),
    [3n, 2n, 0n],
  )
})

test('an account that is not there is proved not to be there', async () => {
  await using node = await openTestNode()
  const nobody: Hex = '0x00000000000000000000000000000000000000ee'
  const state = await node.execution.state(node.head.hash)
  const proof = await state?.proof(nobody, [slot(1)])
  assert.ok(proof)
  assert.equal(await prove(node.head.stateRoot, nobody, proof.accountProof), null)
  assert.equal(proof.nonce, 0n)
  assert.equal(await state?.account(nobody), null)
})
