// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IReceiveWithAuthorization} from "../credit/IReceiveWithAuthorization.sol";
import {Predeploys} from "../Predeploys.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

/// @notice Funds channels by EIP-3009: the payer signs, anyone sends. The authorization's nonce is
/// keccak256(abi.encode(channelId, salt)), so it can fund no other channel.
contract Eip3009DepositCollector is IDepositCollector {
    using SafeERC20 for IERC20;

    error CallerNotSettlement(address caller);

    /// @inheritdoc IDepositCollector
    /// @param data abi.encode(uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature)
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external {
        if (msg.sender != Predeploys.SETTLEMENT) revert CallerNotSettlement(msg.sender);
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(data, (uint256, uint256, uint256, bytes));
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        IReceiveWithAuthorization(token).receiveWithAuthorization(
            payer, address(this), amount, validAfter, validBefore, nonce, signature
        );
        IERC20(token).safeTransfer(msg.sender, amount);
    }
}
