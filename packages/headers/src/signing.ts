import { bigintToBytes, bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import type { ValidatorSet } from './validator-set.ts'
import type { Ballot, ProposalBody } from './votes.ts'

/**
 * What validators sign. Every digest is keccak256 over whole 32-byte words, the first a type hash,
 * so a contract builds it with `keccak256(abi.encode(TYPE, chainId, genesisId, …))` and checks the
 * 65-byte signature with ecrecover. Nil is the zero id; −1 is 0 (rounds are shifted by one).
 */
export interface SigningDomain {
  chainId: bigint
  /** Id of the consensus genesis: fixes the execution genesis and the first validators. */
  genesisId: Hex
}

const types = {
  proposal: typeHash(
    'QuoinProposal(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id,uint32 validRoundPlusOne)',
  ),
  prevote: typeHash(
    'QuoinPrevote(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id,uint32 validRoundPlusOne)',
  ),
  precommit: typeHash(
    'QuoinPrecommit(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id)',
  ),
  randao: typeHash('QuoinRandao(uint256 chainId,bytes32 genesisId,uint64 height)'),
  possession: typeHash(
    'QuoinBlsPossession(uint256 chainId,address validator,bytes32 blsPublicKeyHash)',
  ),
  validators: typeHash(
    'QuoinValidators(address validator,uint256 power,bytes32 blsPublicKeyHash)[]',
  ),
  genesis: typeHash(
    'QuoinGenesis(uint256 chainId,bytes32 executionGenesis,bytes32 validatorsHash)',
  ),
  proposer: typeHash('QuoinProposer(bytes32 seed,uint64 height,uint32 round)'),
  mix: typeHash('QuoinRandaoMix(bytes32 parentRandao,bytes32 revealHash)'),
}

export function ballotDigest(
  { kind, height, round, id, validRound }: Omit<Ballot, 'validator'>,
  { chainId, genesisId }: SigningDomain,
): Uint8Array {
  const words: Word[] = [types[kind], chainId, genesisId, height, round, id ?? 0]
  if (kind === 'prevote') words.push(validRound + 1)
  return hashWords(words)
}

export function proposalDigest(
  { height, round, id, validRound }: Omit<ProposalBody, 'proposer'>,
  { chainId, genesisId }: SigningDomain,
): Uint8Array {
  return hashWords([types.proposal, chainId, genesisId, height, round, id, validRound + 1])
}

/**
 * What a proposer signs with its BLS key to add to the chain's randomness. The message is the height
 * alone, and BLS signatures are unique: a proposer can reveal this value or let its round pass, no more.
 */
export function randaoDigest(height: number, { chainId, genesisId }: SigningDomain): Uint8Array {
  return hashWords([types.randao, chainId, genesisId, height])
}

/** prevRandao of the block whose proposer revealed this signature (as RANDAO mixes: EIP-4399). */
export function randaoOf(parentRandao: Hex, reveal: Hex): Hex {
  return bytesToHex(hashWords([types.mix, parentRandao, hashOf(reveal)]))
}

/**
 * What a validator signs with its BLS key to show that it has it, so that nobody registers a key made
 * from others' (rogue keys, draft-irtf-cfrg-bls-signature-05 section 3.3).
 */
export function possessionDigest(chainId: bigint, validator: Hex, blsPublicKey: Hex): Uint8Array {
  return hashWords([types.possession, chainId, validator, hashOf(blsPublicKey)])
}

export function validatorsHash({ validators }: ValidatorSet): Hex {
  const words = validators.flatMap(({ address, power, blsPublicKey }) => [
    address,
    power,
    hashOf(blsPublicKey),
  ])
  return bytesToHex(hashWords([types.validators, validators.length, ...words]))
}

/** The id that stands for "before height 1". */
export function genesisId(chainId: bigint, executionGenesis: Hex, validators: ValidatorSet): Hex {
  return bytesToHex(
    hashWords([types.genesis, chainId, executionGenesis, validatorsHash(validators)]),
  )
}

/**
 * Who proposes: a pick weighted by power. `seed` is prevRandao of the block before: nobody knows it, hence
 * the proposers of a height, before that block is proposed, and its proposer cannot choose it.
 */
export function pickProposer(
  { validators, totalPower }: ValidatorSet,
  seed: Hex,
  height: number,
  round: number,
): Hex {
  let ticket = BigInt(bytesToHex(hashWords([types.proposer, seed, height, round]))) % totalPower
  for (const { address, power } of validators) {
    if (ticket < power) return address
    ticket -= power
  }
  throw new Error('A ticket below the total power falls on a validator')
}

type Word = bigint | number | Hex

function hashWords(words: readonly Word[]): Uint8Array {
  const bytes = new Uint8Array(32 * words.length)
  for (const [index, word] of words.entries())
    bytes.set(bigintToBytes(BigInt(word), 32), 32 * index)
  return keccak256(bytes)
}

function hashOf(bytes: Hex): Hex {
  return bytesToHex(keccak256(hexToBytes(bytes)))
}

function typeHash(type: string): bigint {
  return BigInt(bytesToHex(keccak256(new TextEncoder().encode(type))))
}
