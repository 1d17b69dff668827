import { encodeMessage, type Vote } from '@quoin/consensus'
import { registrationDigest, stakingAbi } from '@quoin/contracts'
import { ballotDigest, possessionDigest } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import {
  blsKeyToEvm,
  blsSignatureToEvm,
  deriveBlsKey,
  privateKeyToAddress,
  signatureToBytes,
  signHash,
} from '@quoin/keys'
import { openNetwork } from '@quoin/network'
import { privateKeyToAccount } from 'viem/accounts'
import { type BftChain, genesisIdOf, networkIdOf, stakingAddress } from '../index.ts'
import type { TestNetwork } from './test-network.ts'

export const staking = { address: stakingAddress, abi: stakingAbi } as const

/** What a validator to be gives to `register`; its own account is the operator. */
export function registrationOf(key: Uint8Array, chainId: number) {
  const validator = privateKeyToAddress(key)
  const bls = deriveBlsKey(key)
  const consent = signatureToBytes(
    signHash(
      hexToBytes(
        registrationDigest({
          chainId: BigInt(chainId),
          staking: stakingAddress,
          validator,
          operator: validator,
          blsPublicKey: bls.publicKey,
        }),
      ),
      key,
    ),
  )
  const possession = bls.sign(possessionDigest(BigInt(chainId), validator, bls.publicKey))
  return [
    validator,
    blsKeyToEvm(bls.publicKey),
    blsSignatureToEvm(possession),
    bytesToHex(consent),
    0,
  ] as const
}

/** The account of a validator's key, with viem's clients on a node. */
export function validatorClients(network: TestNetwork, node: BftChain, key: Uint8Array) {
  return network.clients(node, privateKeyToAccount(bytesToHex(key)))
}

/**
 * Somebody with a validator's key says two things at once to all nodes, at every height, until `isEnough`:
 * prevotes for two blocks that nobody has proposed, in a round far ahead.
 */
export async function contradict(
  network: TestNetwork,
  key: Uint8Array,
  isEnough: () => Promise<boolean>,
): Promise<void> {
  const { genesis } = network
  await using liar = await openNetwork({
    privateKey: new Uint8Array(32).fill(0x7a),
    listen: [],
    bootstrap: network.nodes.flatMap((node) => node.network?.addresses ?? []),
    chain: networkIdOf(genesis),
  })
  const channel = liar.channel('bft-vote', { maxBytes: 4096, queueLength: 100 })
  const domain = { chainId: BigInt(genesis.config.chainId), genesisId: genesisIdOf(genesis) }
  const vote = (height: number, fill: string): Vote => {
    const id: Hex = `0x${fill.repeat(32)}`
    const ballot = { kind: 'prevote', height, round: 9, id, validRound: -1 } as const
    const signature = bytesToHex(signatureToBytes(signHash(ballotDigest(ballot, domain), key)))
    return { ...ballot, validator: privateKeyToAddress(key), signature }
  }
  await network.until('the liar to be heard', () => liar.peers().length >= 3)
  await network.until('the liar to be convicted', async () => {
    const [node] = network.nodes
    const height = node?.engine === 'bft' ? node.consensus.status.height : 0
    for (const fill of ['aa', 'bb'])
      channel.broadcast(encodeMessage({ type: 'vote', vote: vote(height, fill) }))
    return isEnough()
  })
}
