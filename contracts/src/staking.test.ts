import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { validatorOf } from '@quoin/chain'
import {
  ballotDigest,
  blockId,
  createValidatorSet,
  encodeHeaderPreimage,
  genesisId,
  possessionDigest,
  proposalDigest,
} from '@quoin/headers'
import { bytesToHex, hexToBytes } from '@quoin/kernel'
import {
  blsKeyToEvm,
  blsSignatureToEvm,
  deriveBlsKey,
  privateKeyToAddress,
  signatureToBytes,
  signHash,
} from '@quoin/keys'
import { type Hex, predeployAddresses, registrationDigest } from './index.ts'
import {
  chainId,
  encodeExecutionHeader,
  keyOf,
  openStakingChain,
  type StakingChain,
} from './testing/staking-chain.ts'

const validators = [1, 2, 3, 4].map((number) => validatorOf(keyOf(number), 2000n))
const staking = { policy: 'stake', validators, epochBlocks: 4 } as const
const ether = 10n ** 18n
const [red, blue]: Hex[] = [`0x${'0a'.repeat(32)}`, `0x${'0b'.repeat(32)}`]
assert.ok(red && blue)

const addressOf = (number: number) => privateKeyToAddress(keyOf(number))
const sign = (number: number, digest: Uint8Array) =>
  bytesToHex(signatureToBytes(signHash(digest, keyOf(number))))

function registration(number: number) {
  const validator = addressOf(number)
  const { publicKey: blsPublicKey, sign: signBls } = deriveBlsKey(keyOf(number))
  const digest = registrationDigest({
    chainId: BigInt(chainId),
    staking: predeployAddresses.staking,
    validator,
    operator: validator,
    blsPublicKey,
  })
  const possession = signBls(possessionDigest(BigInt(chainId), validator, blsPublicKey))
  return [
    validator,
    blsKeyToEvm(blsPublicKey),
    blsSignatureToEvm(possession),
    sign(number, hexToBytes(digest)),
    500,
  ] as const
}

const kinds = { proposal: 0, prevote: 1, precommit: 2 } as const

async function recordGenesis(chain: StakingChain) {
  const genesis = chain.head
  const id = genesisId(BigInt(chainId), genesis.hash, createValidatorSet(validators))
  await chain.mine(id)
  await chain.write(9, 'recordGenesis', [])
  assert.equal(await chain.read('genesisId', []), id)
  return { chainId: BigInt(chainId), genesisId: id }
}

function statement(
  number: number,
  said: { kind: keyof typeof kinds; height: number; round: number; id: Hex; validRound: number },
  domain: { chainId: bigint; genesisId: Hex },
) {
  const { kind, height, round, id, validRound } = said
  const digest =
    kind === 'proposal'
      ? proposalDigest({ kind, height, round, id, validRound }, domain)
      : ballotDigest({ kind, height, round, id, validRound }, domain)
  const signature = sign(number, digest)
  return {
    kind: kinds[kind],
    height: BigInt(height),
    round,
    id,
    validRoundPlusOne: validRound + 1,
    signature,
  }
}

describe('the Staking contract on our execution client', () => {
  it('registers who proves both keys, and puts it into the set', async () => {
    await using chain = await openStakingChain(staking, validators)
    await chain.mine()
    await assert.rejects(
      chain.write(6, 'register', registration(5), 3000n * ether),
      /^Error: NoConsent/,
    )
    const [validator, key, , consent, commission] = registration(5)
    const [, , otherPossession] = registration(6)
    const forged = [validator, key, otherPossession, consent, commission] as const
    await assert.rejects(chain.write(5, 'register', forged, 3000n * ether), /^Error: NotPossessed/)
    await chain.write(5, 'register', registration(5), 3000n * ether)
    const [addresses, powers, keys] = await chain.read('validatorSet', [])
    assert.equal(addresses[0]?.toLowerCase(), addressOf(5))
    assert.deepEqual([powers[0], keys[0]], [3000n, deriveBlsKey(keyOf(5)).publicKey])
  })

  it('convicts by signatures that consensus makes, once it knows the genesis', async () => {
    await using chain = await openStakingChain(staking, validators)
    const domain = await recordGenesis(chain)
    const base = { height: 1, round: 0, validRound: -1 } as const
    for (const [index, kind] of (['proposal', 'prevote', 'precommit'] as const).entries()) {
      const [first, second] = [red, blue].map((id) =>
        statement(index + 1, { ...base, kind, id }, domain),
      )
      assert.ok(first && second)
      await chain.write(9, 'slashDuplicate', [first, second])
      const { isTombstoned, stake } = await chain.read('validatorOf', [addressOf(index + 1)])
      assert.deepEqual([isTombstoned, stake], [true, 1800n * ether])
    }
    const lock = statement(4, { ...base, kind: 'precommit', id: red }, domain)
    const amnesia = statement(4, { ...base, kind: 'prevote', round: 2, id: blue }, domain)
    const elsewhere = { ...domain, chainId: 1n }
    const foreign = statement(4, { ...base, kind: 'prevote', round: 2, id: blue }, elsewhere)
    await assert.rejects(chain.write(9, 'slashAmnesia', [lock, foreign]), /^Error: NoFault/)
    await chain.write(9, 'slashAmnesia', [lock, amnesia])
    assert.equal((await chain.read('validatorOf', [addressOf(4)])).isTombstoned, true)
  })

  it('jails whom a consensus header of this chain names absent, once a block', async () => {
    await using chain = await openStakingChain(staking, validators)
    for (let block = 1; block <= 4; block++) await chain.mine()
    const zero: Hex = `0x${'00'.repeat(32)}`
    const absent = [addressOf(2), addressOf(3)].sort()
    const header = {
      chainId: BigInt(chainId),
      height: 4,
      round: 0,
      timeMs: 1_800_000_004_000,
      parentId: zero,
      payloadHash: chain.head.hash,
      bodyHash: zero,
      validatorsHash: zero,
      nextValidatorsHash: zero,
      lastCommitHash: zero,
      proposer: addressOf(1),
      randaoReveal: `0x${'00'.repeat(96)}` as Hex,
      absent,
    }
    await chain.mine(blockId(header))
    const proof = [
      encodeExecutionHeader(chain.head),
      bytesToHex(encodeHeaderPreimage(header)),
    ] as const
    await chain.mine()
    const other = bytesToHex(encodeHeaderPreimage({ ...header, absent: [addressOf(1)] }))
    await assert.rejects(chain.write(9, 'reportAbsence', [proof[0], other]), /^Error: NotOurHeader/)
    await chain.write(9, 'reportAbsence', proof)
    const [addresses] = await chain.read('validatorSet', [])
    assert.deepEqual(
      addresses.map((one) => one.toLowerCase()).sort(),
      [addressOf(1), addressOf(4)].sort(),
    )
    await assert.rejects(chain.write(2, 'unjail', [addressOf(2)]), /^Error: StillJailed/)
    await assert.rejects(chain.write(1, 'unjail', [addressOf(2)]), /^Error: NotOperator/)
  })
})
