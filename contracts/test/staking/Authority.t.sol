// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Authority} from "../../solidity/staking/Authority.sol";
import {Bonds} from "../../solidity/staking/Bonds.sol";
import {Candidates} from "../../solidity/staking/Candidates.sol";
import {Policy} from "../../solidity/staking/StakingTypes.sol";
import {StakingStorage} from "../../solidity/staking/StakingStorage.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev The policy `authority`: four members with power 10 each, so that three are a quorum.
contract AuthorityTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Authority);
    }

    function propose(uint256 member, uint256 subject, uint64 power) private returns (uint256) {
        vm.prank(operator(member));
        return staking.propose(validator(member), validator(subject), power);
    }

    function vote(uint256 proposal, uint256 member) private {
        vm.prank(operator(member));
        staking.vote(proposal, validator(member));
    }

    function test_MoreThanTwoThirdsChangeTheList() public {
        uint256 proposal = propose(1, 2, 0);
        vote(proposal, 3);
        assertEq(staking.candidates().length, 4, "two of four are not enough");
        vote(proposal, 4);
        assertEq(staking.candidates().length, 3, "three are");
        vm.prank(operator(2));
        vm.expectRevert(abi.encodeWithSelector(Authority.NotMember.selector, validator(2)));
        staking.vote(proposal, validator(2));
        vm.expectRevert(abi.encodeWithSelector(Authority.ProposalOver.selector, proposal));
        vote(proposal, 1);
    }

    function test_ANewMemberProvesItsKeysAndIsVotedIn() public {
        vm.prank(operator(1));
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, validator(5)));
        staking.propose(validator(1), validator(5), 7);
        propose(1, 4, 0);
        vote(0, 2);
        vote(0, 3);
        register(5, 0);
        assertEq(staking.candidates().length, 3, "registered is not listed");
        propose(1, 5, 7);
        vote(1, 2);
        vote(1, 3);
        (address[] memory validators, uint256[] memory powers) = setOf();
        require(validators[3] == validator(5) && powers[3] == 7, "listed with its power");
        register(6, 0);
        propose(1, 6, 7);
        vote(2, 2);
        vm.expectRevert(abi.encodeWithSelector(Candidates.ListFull.selector, validator(6), 4));
        vote(2, 3);
    }

    function test_AMemberVotesOnceAndForItself() public {
        uint256 proposal = propose(1, 2, 99);
        vm.expectRevert(abi.encodeWithSelector(Authority.AlreadyVoted.selector, proposal, validator(1)));
        vote(proposal, 1);
        vm.prank(operator(1));
        vm.expectRevert(
            abi.encodeWithSelector(StakingStorage.NotOperator.selector, validator(2), operator(1))
        );
        staking.vote(proposal, validator(2));
        (,, uint256 powerFor, uint256 total) = staking.proposalAt(proposal);
        require(powerFor == 10 && total == 40, "counted once");
        require(staking.hasVoted(proposal, validator(1)) && !staking.hasVoted(proposal, validator(2)), "seen");
    }

    function test_VotesOfThoseWhoLeftDoNotCount() public {
        uint256 late = propose(2, 3, 99);
        uint256 removal = propose(1, 2, 0);
        vote(removal, 3);
        vote(removal, 4);
        vote(late, 1);
        (, bool isOpen, uint256 powerFor, uint256 total) = staking.proposalAt(late);
        require(isOpen && powerFor == 10 && total == 30, "without the one that left");
    }

    function test_PowerWeighsVotes() public {
        uint256 proposal = propose(1, 1, 100);
        vote(proposal, 2);
        vote(proposal, 3);
        uint256 removal = propose(1, 2, 0);
        assertEq(staking.candidates().length, 3, "100 of 130 are a quorum");
        (, bool isOpen,,) = staking.proposalAt(removal);
        require(!isOpen, "done");
    }

    function test_ProposalsExpire() public {
        uint256 proposal = propose(1, 2, 0);
        vm.roll(block.number + 51);
        vm.expectRevert(abi.encodeWithSelector(Authority.ProposalOver.selector, proposal));
        vote(proposal, 3);
        vm.prank(operator(3));
        vm.expectRevert(abi.encodeWithSelector(Authority.UnknownProposal.selector, 1));
        staking.vote(1, validator(3));
    }

    function test_TheConvictedAreOffTheListForGood() public {
        convict(2, 990);
        assertEq(staking.candidates().length, 3, "out");
        vm.prank(operator(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(2)));
        staking.propose(validator(1), validator(2), 10);
        uint256 proposal = propose(1, 3, 0);
        vote(proposal, 3);
        vote(proposal, 4);
        assertEq(staking.candidates().length, 2, "three of three");
        proposal = propose(1, 4, 0);
        vote(proposal, 4);
        vm.prank(operator(1));
        proposal = staking.proposalCount();
        vm.prank(operator(1));
        vm.expectRevert(abi.encodeWithSelector(Candidates.LastValidator.selector, validator(1)));
        staking.propose(validator(1), validator(1), 0);
    }

    /// @dev A vote is its member's word on one proposal: it counts while the member is one, whenever that is.
    function test_VotesCountWithTheMembershipOfTheMoment() public {
        uint256 raise = propose(2, 2, 30);
        uint256 removal = propose(1, 2, 0);
        vote(removal, 3);
        vote(removal, 4);
        uint256 returning = propose(1, 2, 10);
        vote(returning, 3);
        vote(returning, 4);
        (,, uint256 powerFor, uint256 total) = staking.proposalAt(raise);
        require(powerFor == 10 && total == 40, "its vote from before");
        vm.expectRevert(abi.encodeWithSelector(Authority.AlreadyVoted.selector, raise, validator(2)));
        vote(raise, 2);
        vote(raise, 3);
        assertEq(staking.validatorOf(validator(2)).power, 10, "half");
        vote(raise, 4);
        assertEq(staking.validatorOf(validator(2)).power, 30, "three of four");
    }

    /// @dev Of three members with equal power two have two thirds, not more.
    function test_TwoThirdsAreNoQuorum() public {
        uint256 removal = propose(1, 4, 0);
        vote(removal, 2);
        vote(removal, 3);
        removal = propose(1, 3, 0);
        vote(removal, 2);
        assertEq(staking.candidates().length, 3, "two of three");
        vote(removal, 3);
        assertEq(staking.candidates().length, 2, "three of three");
    }

    function test_AProposalPassesInItsLastBlockAndAConvictedIsNotMadeAMember() public {
        uint256 raise = propose(1, 2, 30);
        uint256 other = propose(1, 3, 30);
        vote(raise, 3);
        convict(2, 990);
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(2)));
        vote(raise, 4);
        vm.roll(block.number + 50);
        vote(other, 3);
        vote(other, 4);
        assertEq(staking.validatorOf(validator(3)).power, 30, "in time");
    }

    function test_NoStakeUnderAuthority() public {
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.WrongPolicy.selector, Policy.Authority));
        staking.bond{value: 1 ether}(validator(1));
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.WrongPolicy.selector, Policy.Authority));
        staking.reportAbsence("", "");
    }
}
