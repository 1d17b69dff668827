import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes } from 'viem'
import type { Hex } from './addresses.ts'

const type = keccak256(
  toBytes(
    'QuoinRegistration(uint256 chainId,address staking,address validator,address operator,bytes32 blsPublicKeyHash)',
  ),
)

const parameters = parseAbiParameters('bytes32, uint256, address, address, address, bytes32')

/** What a registration says of a validator. */
export interface Registration {
  chainId: bigint
  staking: Hex
  validator: Hex
  /** Who sends the registration, and answers for the validator from then on. */
  operator: Hex
  /** 48 bytes, compressed. */
  blsPublicKey: Hex
}

/** What the consensus key signs (r ‖ s ‖ v, `consent`) so that nobody registers it without its owner. */
export function registrationDigest(registration: Registration): Hex {
  const { chainId, staking, validator, operator, blsPublicKey } = registration
  const words = [type, chainId, staking, validator, operator, keccak256(blsPublicKey)] as const
  return keccak256(encodeAbiParameters(parameters, words))
}
