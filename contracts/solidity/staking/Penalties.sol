// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Statement} from "./IStakingProofs.sol";
import {Validator} from "./StakingTypes.sol";
import {Authority} from "./Authority.sol";

/// @notice What a validator loses by signing what no honest one signs, and by being away. Anyone may bring
/// the proof. There is one price for every signed fault: with two, the cheaper would be confessed first.
abstract contract Penalties is Authority {
    event GenesisRecorded(bytes32 genesisId);
    event ValidatorConvicted(
        address indexed validator, address indexed reporter, uint64 height, bool isAmnesia, uint256 penalty, uint256 reward
    );
    event Jailed(address indexed validator, uint64 height, uint40 until);
    event Unjailed(address indexed validator);

    error GenesisUnknown();
    error AlreadyRecorded();
    error EvidenceFromFuture(uint256 height);
    error EvidenceExpired(uint256 height, uint256 oldest);
    error NotJailed(address validator);
    error StillJailed(address validator, uint256 until);

    /// @notice Learns the id that this chain's votes name, once, while block 0 can still be looked up.
    /// Anyone may send it.
    function recordGenesis() external {
        if (genesisId != 0) revert AlreadyRecorded();
        if (_genesisValidatorsHash == 0) revert GenesisUnknown();
        genesisId = PROOFS.genesisIdOf(_genesisValidatorsHash);
        emit GenesisRecorded(genesisId);
    }

    /// @notice Convicts who signed two different proposals, prevotes or precommits in one round.
    function slashDuplicate(Statement calldata first, Statement calldata second) external nonReentrant {
        (address validator, uint64 height) = PROOFS.accusedOfDuplicate(_genesis(), first, second);
        _convict(validator, height, false);
    }

    /// @notice Convicts who precommitted a block and prevoted in a later round without proof of a later lock.
    function slashAmnesia(Statement calldata precommit, Statement calldata prevote) external nonReentrant {
        (address validator, uint64 height) = PROOFS.accusedOfAmnesia(_genesis(), precommit, prevote);
        _convict(validator, height, true);
    }

    /// @notice Jails those whom an epoch's last block names absent. Headers as in `IStakingProofs.absenceIn`;
    /// a block has its effect once.
    function reportAbsence(bytes calldata executionHeader, bytes calldata consensusHeader)
        external
        onlyPolicy(_isStaked())
        returns (uint256 jailed)
    {
        (uint64 height, address[] memory absent) = PROOFS.absenceIn(executionHeader, consensusHeader);
        for (uint256 i = 0; i < absent.length; i++) {
            Validator storage one = _validators[absent[i]];
            if (one.place == 0 || !_isFree(one) || height <= one.absentHeight) continue;
            one.absentHeight = height;
            one.jailedUntil = uint40(block.timestamp + _parameters.jailSeconds);
            _leave(absent[i], true);
            emit Jailed(absent[i], height, one.jailedUntil);
            jailed++;
        }
    }

    /// @notice Brings a validator back after its time. Absences before this are forgiven.
    function unjail(address validator) external {
        Validator storage one = _operated(validator);
        if (one.jailedUntil == 0) revert NotJailed(validator);
        if (block.timestamp < one.jailedUntil) revert StillJailed(validator, one.jailedUntil);
        one.jailedUntil = 0;
        one.absentHeight = uint64(block.number);
        emit Unjailed(validator);
        _refresh(validator, true);
    }

    function _genesis() private view returns (bytes32) {
        if (genesisId == 0) revert GenesisUnknown();
        return genesisId;
    }

    function _convict(address validator, uint64 height, bool isAmnesia) private {
        Validator storage one = _known(validator);
        if (one.isTombstoned) revert Convicted(validator);
        if (height > block.number) revert EvidenceFromFuture(height);
        if (block.number > uint256(height) + _parameters.evidenceBlocks) {
            revert EvidenceExpired(height, block.number - _parameters.evidenceBlocks);
        }
        (one.isTombstoned, one.faultHeight, one.convictedBlock) = (true, height, uint64(block.number));
        uint256 penalty = uint256(one.stake) * _parameters.slashBps / WHOLE;
        uint256 reward = penalty * _parameters.reporterBps / WHOLE;
        one.stake -= uint128(penalty);
        owed[msg.sender] += reward;
        _leave(validator, true);
        emit ValidatorConvicted(validator, msg.sender, height, isAmnesia, penalty, reward);
        _pay(address(0), penalty - reward);
    }
}
