// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Where the contracts live on every Quoin chain, from genesis on.
library Predeploys {
    /// @dev The three that stock x402 clients have built in.
    address internal constant SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address internal constant EIP3009_COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
    address internal constant MULTICALL3 = 0xcA11bde05977b3631167028862bE2a173976CA11;

    /// @dev Ours: "Quoin" in ASCII, then a counter.
    address internal constant CREDIT = 0x51756F696E000000000000000000000000000001;
    address internal constant REGISTRY = 0x51756f696e000000000000000000000000000002;
    address internal constant RECEIPTS = 0x51756f696E000000000000000000000000000003;
    address internal constant SPLITTER = 0x51756F696e000000000000000000000000000004;
    address internal constant SESSION_KEYS = 0x51756f696e000000000000000000000000000005;
    address internal constant STAKING = 0x51756f696e000000000000000000000000000006;
    address internal constant STAKING_PROOFS = 0x51756f696e000000000000000000000000000007;
    address internal constant LICENCES = 0x51756f696e000000000000000000000000000008;
    address internal constant LINEAGE = 0x51756F696E000000000000000000000000000009;
}
