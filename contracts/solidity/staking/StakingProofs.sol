// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What can be proven about a validator to anyone: stateless.
contract StakingProofs {}
