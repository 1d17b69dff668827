import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { privateKeyToAddress, recoverAddress, signatureToBytes, signHash } from '@quoin/keys'
import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes } from 'viem'
import { ballotDigest, genesisId, pickProposer, randaoDigest, validatorsHash } from './signing.ts'
import { createValidatorSet } from './validator-set.ts'

const domain = { chainId: 31402n, genesisId: `0x${'0a'.repeat(32)}` } as const
const id: Hex = `0x${'0b'.repeat(32)}`
const typeHash = (type: string) => keccak256(toBytes(type))

describe('what validators sign', () => {
  it('is what a contract gets from keccak256(abi.encode(…)), so that ecrecover can check it', () => {
    const type = typeHash(
      'QuoinPrecommit(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id)',
    )
    const inContract = keccak256(
      encodeAbiParameters(
        parseAbiParameters('bytes32, uint256, bytes32, uint64, uint32, bytes32'),
        [type, domain.chainId, domain.genesisId, 7n, 2, id],
      ),
    )
    const digest = ballotDigest(
      { kind: 'precommit', height: 7, round: 2, id, validRound: -1 },
      domain,
    )
    assert.equal(bytesToHex(digest), inContract)
    const key = new Uint8Array(32).fill(5)
    const signature = signatureToBytes(signHash(digest, key))
    assert.equal(recoverAddress(digest, signature), privateKeyToAddress(key))
  })

  it('differs by kind, chain, genesis, height, round, block and validRound', () => {
    const base = { kind: 'prevote', height: 7, round: 2, id, validRound: -1 } as const
    const digests = [
      ballotDigest(base, domain),
      ballotDigest({ ...base, kind: 'precommit' }, domain),
      ballotDigest({ ...base, height: 8 }, domain),
      ballotDigest({ ...base, round: 3 }, domain),
      ballotDigest({ ...base, id: null }, domain),
      ballotDigest({ ...base, validRound: 0 }, domain),
      ballotDigest(base, { ...domain, chainId: 1n }),
      ballotDigest(base, { ...domain, genesisId: id }),
      randaoDigest(7, domain),
    ]
    assert.equal(new Set(digests.map(bytesToHex)).size, digests.length)
  })
})

describe('a validator set', () => {
  const members = [1, 2, 3].map((power) => ({
    address: `0x${String(power).repeat(40)}` as Hex,
    power: BigInt(power),
    blsPublicKey: `0x${String(power).repeat(96)}` as Hex,
  }))
  const set = createValidatorSet(members)

  it('has a hash that a contract can compute, whatever the order it was given in', () => {
    const type = typeHash(
      'QuoinValidators(address validator,uint256 power,bytes32 blsPublicKeyHash)[]',
    )
    const words = members.flatMap(({ address, power, blsPublicKey }) => [
      BigInt(address),
      power,
      BigInt(keccak256(blsPublicKey)),
    ])
    const types = words.map(() => 'uint256').join(', ')
    const inContract = keccak256(
      encodeAbiParameters(parseAbiParameters(`bytes32, uint256, ${types}` as 'bytes32, uint256'), [
        type,
        3n,
        ...words,
      ] as unknown as [Hex, bigint]),
    )
    assert.equal(validatorsHash(set), inContract)
    assert.equal(validatorsHash(createValidatorSet([...members].reverse())), inContract)
  })

  it('gives each its turns by power', () => {
    const turns = new Map<Hex, number>()
    const seed = genesisId(31402n, id, set)
    for (let height = 1; height <= 6000; height++) {
      const proposer = pickProposer(set, seed, height, 0)
      turns.set(proposer, (turns.get(proposer) ?? 0) + 1)
    }
    for (const { address, power } of members) {
      const expected = Number(power) * 1000
      const got = turns.get(address) ?? 0
      assert.ok(Math.abs(got - expected) < 150, `${address}: ${got} turns of about ${expected}`)
    }
  })

  it('refuses doubled, powerless, misspelt and missing members', () => {
    const [first] = members
    const bad = [
      [],
      [first, first],
      [{ ...first, power: 0n }],
      [{ ...first, address: '0xABC' }],
      [{ ...first, blsPublicKey: '0x' }],
    ]
    for (const list of bad)
      assert.throws(() => createValidatorSet(list as typeof members), {
        code: 'INVALID_VALIDATORS',
      })
  })
})
