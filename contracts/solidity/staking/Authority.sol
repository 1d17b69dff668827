// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Proposal, Validator} from "./StakingTypes.sol";
import {Bonds} from "./Bonds.sol";

/// @notice The policy `authority`: members change their list by votes. A change passes with more than two
/// thirds of the voting power of those who are members at that moment. That is the quorum that decides
/// blocks: fewer could not seize the chain by votes that they could not seize by signing, and a third that is
/// faulty can no more stop a change than it can stop the chain.
abstract contract Authority is Bonds {
    event Proposed(uint256 indexed proposal, address indexed member, address indexed validator, uint64 power);
    event Voted(uint256 indexed proposal, address indexed member);
    event Passed(uint256 indexed proposal, address indexed validator, uint64 power);

    error NotMember(address validator);
    error UnknownProposal(uint256 proposal);
    error ProposalOver(uint256 proposal);
    error AlreadyVoted(uint256 proposal, address member);

    /// @notice Proposes a registered validator's power, and votes for that. Zero takes it off the list.
    /// @param member Of whom the caller is the operator.
    function propose(address member, address validator, uint64 power) external returns (uint256 proposal) {
        _checkMember(member);
        Validator storage subject = _known(validator);
        if (power == 0 && subject.place == 0) revert NotMember(validator);
        if (power != 0 && subject.isTombstoned) revert Convicted(validator);
        proposal = _proposals.length;
        _proposals.push(Proposal(validator, power, uint64(block.number), false));
        emit Proposed(proposal, member, validator, power);
        _vote(proposal, member);
    }

    /// @notice Votes for a proposal; the vote that completes the quorum carries it out.
    function vote(uint256 proposal, address member) external {
        _checkMember(member);
        if (proposal >= _proposals.length) revert UnknownProposal(proposal);
        _vote(proposal, member);
    }

    function proposalCount() external view returns (uint256) {
        return _proposals.length;
    }

    /// @notice A proposal, the power of today's members that is for it, and of all of them.
    function proposalAt(uint256 proposal)
        external
        view
        returns (Proposal memory content, bool isOpen, uint256 powerFor, uint256 totalPower)
    {
        if (proposal >= _proposals.length) revert UnknownProposal(proposal);
        content = _proposals[proposal];
        isOpen = _isOpen(content);
        (powerFor, totalPower) = _tally(proposal);
    }

    function hasVoted(uint256 proposal, address member) external view returns (bool) {
        return _votes[proposal][member];
    }

    function _vote(uint256 proposal, address member) private {
        Proposal memory content = _proposals[proposal];
        if (!_isOpen(content)) revert ProposalOver(proposal);
        if (_votes[proposal][member]) revert AlreadyVoted(proposal, member);
        _votes[proposal][member] = true;
        emit Voted(proposal, member);
        (uint256 powerFor, uint256 totalPower) = _tally(proposal);
        if (3 * powerFor <= 2 * totalPower) return;
        _proposals[proposal].isDone = true;
        emit Passed(proposal, content.validator, content.power);
        if (content.power == 0) return _leave(content.validator, false);
        if (_validators[content.validator].isTombstoned) revert Convicted(content.validator);
        _validators[content.validator].power = content.power;
        _enter(content.validator);
    }

    function _tally(uint256 proposal) private view returns (uint256 powerFor, uint256 totalPower) {
        for (uint256 i = 0; i < _candidates.length; i++) {
            address member = _candidates[i];
            uint256 power = _validators[member].power;
            totalPower += power;
            if (_votes[proposal][member]) powerFor += power;
        }
    }

    function _isOpen(Proposal memory proposal) private view returns (bool) {
        return !proposal.isDone && block.number <= uint256(proposal.sinceBlock) + _parameters.proposalBlocks;
    }

    function _checkMember(address member) private view onlyPolicy(_isAuthority()) {
        if (_operated(member).place == 0) revert NotMember(member);
    }
}
