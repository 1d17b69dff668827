import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import {
  createValidatorSet,
  genesisId,
  pickProposer,
  randaoDigest,
  randaoOf,
  type SigningDomain,
} from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { createLocalSigner } from './signer.ts'

const powers = [1, 2, 3, 4, 10]
const signers = powers.map((_, index) =>
  createLocalSigner(keccak256(new TextEncoder().encode(`a validator in turn ${index}`))),
)
const set = createValidatorSet(
  signers.map(({ address, blsPublicKey }, index) => ({
    address,
    blsPublicKey,
    power: BigInt(powers[index] ?? 0),
  })),
)
const chainId = 31402n
const genesis = genesisId(chainId, `0x${'0a'.repeat(32)}`, set)
const domain: SigningDomain = { chainId, genesisId: genesis }
const heights = 10_000
/** Chi-squared of four degrees of freedom is above this once in a thousand. */
const bound = 18.47

/** Who proposes each height, when every proposer reveals its signature. */
async function playHeights(): Promise<Hex[]> {
  const proposers: Hex[] = []
  let randao: Hex = genesis
  for (let height = 1; height <= heights; height++) {
    const proposer = pickProposer(set, randao, height, 0)
    const signer = signers.find(({ address }) => address === proposer)
    assert.ok(signer)
    randao = randaoOf(randao, await signer.reveal(randaoDigest(height, domain)))
    proposers.push(proposer)
  }
  return proposers
}

function chiSquared(counts: readonly number[], shares: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count, index) => {
    const expected = all * (shares[index] ?? 0)
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

describe('proposers of ten thousand heights, drawn from revealed signatures', () => {
  const shares = powers.map((power) => power / 20)
  let proposers: Hex[] = []
  before(async () => {
    proposers = await playHeights()
  })
  const turnsOf = (list: readonly Hex[]) =>
    signers.map(({ address }) => list.filter((proposer) => proposer === address).length)

  it('have their turns by power', () => {
    const turns = turnsOf(proposers)
    assert.ok(chiSquared(turns, shares) < bound, `turns ${turns}`)
  })

  it('have them whoever came before: what one reveals does not favour it', () => {
    for (const { address } of signers) {
      const next = proposers.filter((_, index) => index > 0 && proposers[index - 1] === address)
      const turns = turnsOf(next)
      assert.ok(chiSquared(turns, shares) < bound, `after ${address}: ${turns}`)
    }
  })
})
