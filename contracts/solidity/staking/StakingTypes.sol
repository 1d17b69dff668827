// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Who may validate. Chosen in the genesis; `None` is a chain whose set never changes.
enum Policy {
    None,
    Authority,
    Stake,
    Delegated
}

/// @notice What a genesis fixes for good.
struct Parameters {
    Policy policy;
    /// At most so many validate at once.
    uint16 seats;
    /// Of a validator's stake, in basis points, for signing what no honest validator signs.
    uint16 slashBps;
    /// Of what is slashed at once, in basis points, to who brings the evidence; the rest is burnt.
    uint16 reporterBps;
    uint32 jailSeconds;
    /// Stake that leaves waits for both: `unbondingSeconds` and `unbondingBlocks`.
    uint32 unbondingSeconds;
    /// At least `evidenceBlocks` and two epochs, so that no evidence finds the stake gone.
    uint32 unbondingBlocks;
    /// Evidence is good for so many blocks.
    uint32 evidenceBlocks;
    uint32 epochBlocks;
    /// A proposal that has not passed after so many blocks is void.
    uint32 proposalBlocks;
    /// Of the operator's own stake, in wei: below it the validator waits.
    uint128 minimumStake;
    /// Wei of stake for one unit of voting power.
    uint128 powerUnit;
}

/// @notice A validator is its consensus key's address. It is never forgotten, so keys are used once.
struct Validator {
    /// Who answers for it: holds its own stake, votes for it, gets its commission.
    address operator;
    uint16 commissionBps;
    /// Convicted by evidence: never validates again.
    bool isTombstoned;
    /// Place in the list of candidates, from 1; zero is "not in it".
    uint16 place;
    /// Seconds since 1970 from which it may leave jail; zero is "not jailed".
    uint40 jailedUntil;
    /// Wei bonded, of the operator and of delegators.
    uint128 stake;
    /// What `stake` is divided into. Never fewer than wei: slashing makes a share worth less.
    uint128 shares;
    /// The BLS key, compressed: 32 and 16 bytes.
    bytes32 blsHigh;
    bytes16 blsLow;
    /// Height of the last absence that it was jailed for, or of its return.
    uint64 absentHeight;
    /// Voting power under `Authority`.
    uint64 power;
    /// Rewards that one share has ever earned, times 2^128.
    uint256 rewardPerShare;
    /// Height of the fault that it was convicted of, and the block of the conviction; zero before.
    uint64 faultHeight;
    uint64 convictedBlock;
}

/// @notice A holder's part in a validator.
struct Position {
    uint128 shares;
    /// Of them, those that answer for `mover` too, and cannot move until that is over.
    uint128 boundShares;
    uint256 rewardPerShare;
    /// The validator from which the bound shares came, and when.
    address mover;
    uint64 movedBlock;
    uint32 movedTime;
}

/// @notice Stake on its way out.
struct Unbonding {
    address validator;
    uint64 sinceBlock;
    uint32 sinceTime;
    uint128 amount;
    /// Begun after the validator was convicted: it has paid already.
    bool isSettled;
}

/// @notice A change of the list that members vote on: power zero takes the validator off it.
struct Proposal {
    address validator;
    uint64 power;
    uint64 sinceBlock;
    bool isDone;
}
