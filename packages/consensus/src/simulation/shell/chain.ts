import { createValidatorSet, genesisId, type Recover, type ValidatorSet } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256, recoverAddress, signatureToBytes, signHash, verifyBls } from '@quoin/keys'
import type { ChainRules } from '../../engine/chain-rules.ts'
import { createLocalSigner, type Signer } from '../../engine/signer.ts'
import type { ExecutionDisk } from '../memory-execution.ts'

/** Keys are the same for all seeds, and what they sign is remembered: it is always the same signature. */
export const signers: readonly SimulatedSigner[] = Array.from({ length: 12 }, (_, index) =>
  createSigner(keccak256(new TextEncoder().encode(`simulated validator ${index}`))),
)

export interface SimulatedSigner extends Signer {
  signNow(digest: Uint8Array): Hex
}

export const startMs = 1_800_000_000_000
const chainId = 31402n
const executionGenesis: Hex = `0x${'ab'.repeat(32)}`

export interface ChainPlan {
  /** Power by index of signer. */
  powers: readonly number[]
  /** 0: the set never changes. */
  epochBlocks: number
  blockRewardGwei: bigint
}

/** What a node keeps of the sets that its own execution gave. */
export type EpochSets = Map<number, ValidatorSet>

function toSet(powers: readonly number[]): ValidatorSet {
  const members = powers.flatMap((power, index) => {
    const signer = signers[index]
    if (!signer || power === 0) return []
    return [{ address: signer.address, power: BigInt(power), blsPublicKey: signer.blsPublicKey }]
  })
  return createValidatorSet(members)
}

/** The rules of a chain as one node knows them: sets of later epochs come from its own state. */
export function createRules(
  plan: ChainPlan,
  execution: ExecutionDisk,
  sets: EpochSets,
): ChainRules {
  const { epochBlocks, blockRewardGwei } = plan
  const genesis = toSet(plan.powers)
  return {
    domain: { chainId, genesisId: genesisId(chainId, executionGenesis, genesis) },
    executionGenesis,
    genesisTimeMs: startMs - 1000,
    equalTimestamps: true,
    epochBlocks,
    blockRewardGwei,
    rewardAddressOf: (validator) =>
      blockRewardGwei > 0n ? (`0x${validator.slice(4)}ee` as const) : null,
    validatorsAt(height) {
      const epoch = epochBlocks === 0 ? 0 : Math.floor((height - 1) / epochBlocks)
      if (epoch < 2) return genesis
      const set = sets.get(epoch)
      if (!set) throw new Error(`The validators of height ${height} are not known yet`)
      return set
    },
    async advance({ block }) {
      const { height } = block.header
      if (epochBlocks === 0 || height % epochBlocks !== 0) return
      sets.set(height / epochBlocks + 1, readSet(execution, height, plan.powers) ?? genesis)
    },
  }
}

export function emptyExecution(): ExecutionDisk {
  return { genesisHash: executionGenesis, payloads: [] }
}

/** A transaction that replaces the whole validator set: the simulated chain's Staking contract. */
export function setChange(powers: readonly number[], nonce: number): Hex {
  return bytesToHex(Uint8Array.from([0x7f, nonce & 0xff, nonce >> 8, ...powers]))
}

/** A transaction that takes a validator's power for good: what evidence does in the Staking contract. */
export function slash(index: number): Hex {
  return bytesToHex(Uint8Array.from([0x7e, index]))
}

/** From which height on blocks of each slashed validator are against the rules. */
export function slashedFrom({ payloads }: ExecutionDisk, epochBlocks: number): Map<Hex, number> {
  return new Map(
    payloads.flatMap(({ transactions }, before) =>
      transactions.filter(isSlash).map((hex) => {
        const epoch = Math.floor(before / epochBlocks)
        return [signers[indexOf(hex)]?.address ?? '0x', (epoch + 2) * epochBlocks + 1] as const
      }),
    ),
  )
}

function readSet(
  { payloads }: ExecutionDisk,
  height: number,
  genesis: readonly number[],
): ValidatorSet | null {
  const transactions = payloads.slice(0, height).flatMap((payload) => payload.transactions)
  const slashed = new Set(transactions.filter(isSlash).map(indexOf))
  const last = transactions.findLast((hex) => hex.startsWith('0x7f'))
  if (!last && slashed.size === 0) return null
  const powers = last ? [...hexToBytes(last)].slice(3) : genesis
  return toSet(powers.map((power, index) => (slashed.has(index) ? 0 : power)))
}

function isSlash(transaction: Hex): boolean {
  return transaction.startsWith('0x7e')
}

function indexOf(slashing: Hex): number {
  return hexToBytes(slashing)[1] ?? 0
}

/** `recoverAddress` and `verifyBls` are functions: every node asks, but each answer is computed once. */
export const rememberingRecover: Recover = remember(
  (digest: Uint8Array, signature: Uint8Array): Hex => recoverAddress(digest, signature),
  (digest, signature) => bytesToHex(digest) + bytesToHex(signature),
)

export const rememberingVerifyBls: typeof verifyBls = remember(
  verifyBls,
  (message, publicKey, signature) => bytesToHex(message) + publicKey + signature,
)

const mostRemembered = 20_000

function remember<A extends readonly unknown[], T>(
  compute: (...args: A) => T,
  keyOf: (...args: A) => string,
): (...args: A) => T {
  const known = new Map<string, T>()
  return (...args) => {
    const key = keyOf(...args)
    const earlier = known.get(key)
    if (earlier !== undefined) return earlier
    const result = compute(...args)
    if (known.size >= mostRemembered) known.clear()
    known.set(key, result)
    return result
  }
}

function createSigner(privateKey: Uint8Array): SimulatedSigner {
  const { address, blsPublicKey, reveal } = createLocalSigner(privateKey)
  const signNow = remember(
    (digest: Uint8Array) => bytesToHex(signatureToBytes(signHash(digest, privateKey))),
    bytesToHex,
  )
  return {
    address,
    blsPublicKey,
    signNow,
    sign: async (digest) => signNow(digest),
    reveal: remember(reveal, bytesToHex),
  }
}
