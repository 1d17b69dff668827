// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The half of EIP-3009 that contracts call: only the payee may send it.
interface IReceiveWithAuthorization {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
