// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

enum Kind {
    Proposal,
    Prevote,
    Precommit
}

/// @notice Something that a validator signed. The zero id is nil, validRound −1 is 0; precommits have none.
struct Statement {
    Kind kind;
    uint64 height;
    uint32 round;
    bytes32 id;
    uint32 validRoundPlusOne;
    bytes signature;
}

interface IStakingProofs {
    error NoConsent(address validator);
    error NotPossessed(address validator);
    error NoFault();
    error NotOurBlock(uint256 number);
    error NotOurHeader(uint256 number);
    error BlockTooOld(uint256 number);

    /// @notice Checks that who registers has both keys, and that the consensus key agrees to the operator.
    /// @param blsKey 128 bytes, EIP-2537. @param possession 256 bytes, the BLS signature of QuoinBlsPossession.
    /// @param consent The consensus key's signature of QuoinRegistration, which names the calling contract.
    /// @return high The compressed key's first 32 bytes. @return low Its last 16.
    function checkKeys(
        address validator,
        address operator,
        bytes calldata blsKey,
        bytes calldata possession,
        bytes calldata consent
    ) external view returns (bytes32 high, bytes16 low);

    /// @notice Two different statements of one kind in one round.
    function accusedOfDuplicate(bytes32 genesisId, Statement calldata first, Statement calldata second)
        external
        view
        returns (address validator, uint64 height);

    /// @notice A precommit, and in a later round a prevote that claims no proof of lock from that round on.
    function accusedOfAmnesia(bytes32 genesisId, Statement calldata precommit, Statement calldata prevote)
        external
        view
        returns (address validator, uint64 height);

    /// @notice Whom a block of this chain names absent.
    /// @param executionHeader RLP of the execution header of the block after it, at most 8191 back.
    /// @param consensusHeader What the block's id is the hash of.
    function absenceIn(bytes calldata executionHeader, bytes calldata consensusHeader)
        external
        view
        returns (uint64 height, address[] memory absent);

    /// @notice The consensus genesis' id; only in the first 8191 blocks.
    function genesisIdOf(bytes32 validatorsHash) external view returns (bytes32);
}
