// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Rewards} from "./Rewards.sol";

contract Staking is Rewards {}
