// Writes test/staking/BlsFixtures.sol: proofs of possession that forge cannot make itself, for the chain id of the
// tests. Run it when the keys' derivation or the digest changes: node scripts/bls-fixtures.ts
import { writeFileSync } from 'node:fs'
import { possessionDigest } from '@quoin/headers'
import { blsKeyToEvm, blsSignatureToEvm, deriveBlsKey, privateKeyToAddress } from '@quoin/keys'

const chainId = 31402n
const fixtures = [1, 2, 3, 4, 5, 6].map((number) => {
  const key = new Uint8Array(32).fill(number)
  const { publicKey, sign } = deriveBlsKey(key)
  const possession = sign(possessionDigest(chainId, privateKeyToAddress(key), publicKey))
  return `        if (number == ${number}) {
            return (
                hex"${publicKey.slice(2)}",
                hex"${blsKeyToEvm(publicKey).slice(2)}",
                hex"${blsSignatureToEvm(possession).slice(2)}"
            );
        }`
})
writeFileSync(
  new URL('../test/staking/BlsFixtures.sol', import.meta.url),
  `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev Made by scripts/bls-fixtures.ts, by blst. Validator n has the key of 32 bytes n.
library BlsFixtures {
    function keyOf(uint256 number) internal pure returns (uint256) {
        return number * 0x0101010101010101010101010101010101010101010101010101010101010101;
    }

    function proofOf(uint256 number)
        internal
        pure
        returns (bytes memory compressed, bytes memory key, bytes memory possession)
    {
${fixtures.join('\n')}
        revert("no such fixture");
    }
}
`,
)
