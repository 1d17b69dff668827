import { bigintToBytes, bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Ballot, ProposalBody } from './core/messages.ts'
import type { ValidatorSet } from './validator-set.ts'

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
  randao: typeHash(
    'QuoinRandao(uint256 chainId,bytes32 genesisId,uint64 height,bytes32 parentRandao)',
  ),
  validators: typeHash('QuoinValidators(address validator,uint256 power)[]'),
  genesis: typeHash(
    'QuoinGenesis(uint256 chainId,bytes32 executionGenesis,bytes32 validatorsHash)',
  ),
  proposer: typeHash('QuoinProposer(bytes32 genesisId,uint64 height,uint32 round)'),
  mix: typeHash('QuoinRandaoMix(bytes reveal)'),
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
 * What a proposer signs to add to the chain's randomness. ECDSA signatures are deterministic only by
 * convention (RFC 6979): a cheating proposer can try several. BLS signatures, which are unique, are
 * to take their place; until then nothing of value should hang on prevRandao.
 */
export function randaoDigest(
  height: number,
  parentRandao: Hex,
  { chainId, genesisId }: SigningDomain,
): Uint8Array {
  return hashWords([types.randao, chainId, genesisId, height, parentRandao])
}

/** prevRandao of the block whose proposer revealed this signature. */
export function randaoOf(reveal: Hex): Hex {
  const bytes = Buffer.concat([bigintToBytes(types.mix, 32), Buffer.from(reveal.slice(2), 'hex')])
  return bytesToHex(keccak256(bytes))
}

export function validatorsHash({ validators }: ValidatorSet): Hex {
  const words = validators.flatMap(({ address, power }) => [address, power])
  return bytesToHex(hashWords([types.validators, validators.length, ...words]))
}

/** The id that stands for "before height 1". */
export function genesisId(chainId: bigint, executionGenesis: Hex, validators: ValidatorSet): Hex {
  return bytesToHex(
    hashWords([types.genesis, chainId, executionGenesis, validatorsHash(validators)]),
  )
}

/**
 * Who proposes: a pick weighted by power, from a hash that no validator can influence (it can be
 * foreseen, though, until proposers are drawn from BLS randomness).
 */
export function pickProposer(
  { validators, totalPower }: ValidatorSet,
  genesisId: Hex,
  height: number,
  round: number,
): Hex {
  let ticket =
    BigInt(bytesToHex(hashWords([types.proposer, genesisId, height, round]))) % totalPower
  for (const { address, power } of validators) {
    if (ticket < power) return address
    ticket -= power
  }
  throw new Error('A ticket below the total power falls on a validator')
}

type Word = bigint | number | Hex

function hashWords(words: readonly Word[]): Uint8Array {
  return keccak256(Buffer.concat(words.map((word) => bigintToBytes(BigInt(word), 32))))
}

function typeHash(type: string): bigint {
  return BigInt(bytesToHex(keccak256(new TextEncoder().encode(type))))
}
