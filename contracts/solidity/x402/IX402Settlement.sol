// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelConfig, VoucherClaim} from "./ChannelTypes.sol";

/// @notice What our other contracts need of the settlement contract.
interface IX402Settlement {
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    function claim(VoucherClaim[] calldata voucherClaims) external;

    function settle(address receiver, address token) external;

    function refund(ChannelConfig calldata config, uint128 amount) external;
}
