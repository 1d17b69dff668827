// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a licence may allow; bits of a set.
library Purposes {
    /// To call it, and to serve it to others.
    uint8 internal constant USE = 1;
    /// To make models of it.
    uint8 internal constant TRAIN = 2;
    /// To have it outside of its owner's machines.
    uint8 internal constant DOWNLOAD = 4;
    /// To make anything of it.
    uint8 internal constant DERIVE = 8;
    uint8 internal constant ALL = 15;
}
