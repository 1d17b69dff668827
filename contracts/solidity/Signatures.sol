// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice Whether an account signed a digest, whatever kind of account it is.
library Signatures {
    /// @dev The key first: an externally owned account with delegated code (EIP-7702) still signs
    /// with its key. Then ERC-1271 where the account has code. Malleable signatures are refused.
    function isSignedBy(address account, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (account == address(0)) return false;
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == account) return true;
        return account.code.length != 0 && SignatureChecker.isValidERC1271SignatureNow(account, digest, signature);
    }
}
