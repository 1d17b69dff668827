// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Bonds} from "../../solidity/staking/Bonds.sol";
import {Kind, IStakingProofs, Statement} from "../../solidity/staking/IStakingProofs.sol";
import {Penalties} from "../../solidity/staking/Penalties.sol";
import {Parameters, Policy, Validator} from "../../solidity/staking/StakingTypes.sol";
import {StakingStorage} from "../../solidity/staking/StakingStorage.sol";
import {BlsFixtures} from "./BlsFixtures.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev A holder that, when it is paid, tries everything again.
contract GreedyHolder is StakingBase {
    uint256 public reentered;

    function bondTo(address validator_) external payable {
        staking.bond{value: msg.value}(validator_);
    }

    function leave(address validator_, uint256 amount) external {
        staking.unbond(validator_, amount);
    }

    function fetch() external returns (uint256) {
        return staking.withdraw();
    }

    receive() external payable {
        address[] memory list = new address[](1);
        list[0] = validator(1);
        bytes[6] memory calls = [
            abi.encodeCall(staking.withdraw, ()),
            abi.encodeCall(staking.claim, (list)),
            abi.encodeCall(staking.collect, (list[0])),
            abi.encodeCall(staking.unbond, (list[0], 1 ether)),
            abi.encodeCall(staking.redelegate, (list[0], validator(2), 1 ether)),
            abi.encodeCall(staking.settleMove, (list[0], address(this)))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            (bool success, bytes memory reason) = address(staking).call(calls[i]);
            if (success || bytes4(reason) != ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector) reentered++;
        }
        // Stake may come at any time: all that is paid out has been written down before.
        staking.bond{value: msg.value}(list[0]);
    }
}

/// @dev Sends coins where nobody is asked.
contract Forcing {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}

/// @dev What someone would try who wants more than is theirs, under `delegated`.
contract AbuseTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Delegated);
    }

    function unbond(address by, uint256 number, uint256 amount) private {
        vm.prank(by);
        staking.unbond(validator(number), amount);
    }

    function redelegate(address by, uint256 from, uint256 to, uint256 amount) private {
        vm.prank(by);
        staking.redelegate(validator(from), validator(to), amount);
    }

    function withdraw(address by) private returns (uint256) {
        vm.prank(by);
        return staking.withdraw();
    }

    function test_WhoComesLateHasNoPartInWhatWasEarnedBefore() public {
        earn(1, 100 ether);
        bond(1, holder(1), 1_000_000 ether);
        staking.collect(validator(1));
        assertEq(staking.rewardsOf(validator(1), holder(1)), 0, "nothing of it by a bond");
        earn(2, 100 ether);
        redelegate(holder(1), 1, 2, type(uint256).max);
        staking.collect(validator(2));
        assertEq(staking.rewardsOf(validator(2), holder(1)), 0, "nothing by a move");
        require(staking.rewardsOf(validator(2), operator(2)) >= 90 ether - 1, "all to who was there");
    }

    function test_WhoLeavesHasItsPartInWhatWasEarned() public {
        bond(1, holder(1), 1000 ether);
        bond(2, holder(2), 1000 ether);
        (uint256 earned, uint256 moved) = (100 ether, 60 ether);
        earn(1, earned);
        earn(2, moved);
        unbond(holder(1), 1, type(uint256).max);
        redelegate(holder(2), 2, 3, type(uint256).max);
        require(claim(holder(1), 1) >= 45 ether - 1, "its half of 90");
        require(claim(holder(2), 2) >= 27 ether - 1, "its half of 54");
        // What is burnt for a moved stake's fault leaves its earnings too.
        earn(3, 20 ether);
        convict(2, 995);
        staking.settleMove(validator(3), holder(2));
        require(claim(holder(2), 3) >= 9 ether - 1, "its half of 18");
    }

    function test_AVaultThatWasPaidBeforeItExistedIsEmptiedLikeOthers() public {
        new Forcing{value: 3 ether}(payable(staking.vaultOf(validator(1))));
        assertEq(staking.collect(validator(1)), 3 ether, "before it exists");
        new Forcing{value: 4 ether}(payable(staking.vaultOf(validator(1))));
        assertEq(staking.collect(validator(1)), 4 ether, "after");
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, validator(6)));
        staking.collect(validator(6));
    }

    function test_CoinsForcedIntoTheContractAreNobodys() public {
        new Forcing{value: 5 ether}(payable(address(staking)));
        bond(1, holder(1), 10 ether);
        assertEq(staking.stakeOf(validator(1), holder(1)), 10 ether, "a share is worth a wei");
        unbond(holder(1), 1, type(uint256).max);
        waitUnbonding();
        assertEq(withdraw(holder(1)), 10 ether, "what it put in");
        earn(1, 1 ether);
        assertEq(staking.collect(validator(1)), 1 ether, "what the vault held");
    }

    /// @dev Stake comes in only with shares for it: no gift makes a share worth more, nor the next one's zero.
    function testFuzz_TheFirstWeiGivesNoPowerOverLaterStake(uint96 gift, uint96 later) public {
        unbond(operator(1), 1, type(uint256).max);
        bond(1, holder(1), 1);
        new Forcing{value: bound(gift, 0, 1000 ether)}(payable(staking.vaultOf(validator(1))));
        uint256 amount = bound(later, 1, 1e27);
        bond(1, holder(2), amount);
        assertEq(staking.stakeOf(validator(1), holder(2)), amount, "whole");
        assertEq(staking.stakeOf(validator(1), holder(1)), 1, "no more");
    }

    function test_AReceiverThatReentersIsPaidOnce() public {
        GreedyHolder greedy = new GreedyHolder();
        greedy.bondTo{value: 100 ether}(validator(1));
        greedy.leave(validator(1), 40 ether);
        waitUnbonding();
        assertEq(greedy.fetch(), 40 ether, "paid");
        assertEq(greedy.reentered(), 0, "each refused, by the guard");
        assertEq(greedy.fetch(), 0, "once");
        assertEq(staking.stakeOf(validator(1), address(greedy)), 100 ether, "bonded again");
    }

    /// @dev Whoever sees the evidence coming can run to the exit and to another validator, and pays all the same.
    function testFuzz_NoWayOutInTimeSavesFromASlash(uint256 leaving, uint256 moving) public {
        bond(1, holder(1), 1000 ether);
        leaving = bound(leaving, 1 ether, 400 ether);
        moving = bound(moving, 1 ether, 400 ether);
        unbond(holder(1), 1, leaving);
        redelegate(holder(1), 1, 2, moving);
        convict(1, 998);
        staking.settleMove(validator(2), holder(1));
        unbond(holder(1), 1, type(uint256).max);
        unbond(holder(1), 2, type(uint256).max);
        waitUnbonding();
        uint256 got = withdraw(holder(1));
        require(got <= 900 ether + 3 && got >= 900 ether - 3, "nine tenths, however it went");
    }

    function test_AMoveBetweenTwoGuiltyPaysEachOnce() public {
        bond(1, holder(1), 1000 ether);
        redelegate(holder(1), 1, 2, 1000 ether);
        convict(2, 999);
        convict(1, 999);
        staking.settleMove(validator(2), holder(1));
        assertEq(staking.stakeOf(validator(2), holder(1)), 810 ether, "a tenth of nine tenths");
        assertEq(staking.settleMove(validator(2), holder(1)), 0, "once");
        assertEq(staking.stakeOf(validator(2), holder(1)), 810 ether, "once");
        redelegate(holder(1), 2, 3, type(uint256).max);
        assertEq(staking.boundSharesOf(validator(3), holder(1)), 0, "it has paid: free at once");
    }

    /// @dev Through other accounts there is no way either: what is bound belongs to one holder at one validator.
    function test_StakeHopsOnceInAPeriod() public {
        bond(1, holder(1), 100 ether);
        redelegate(holder(1), 1, 2, 60 ether);
        bond(2, holder(1), 5 ether);
        redelegate(holder(1), 2, 3, type(uint256).max);
        assertEq(staking.stakeOf(validator(3), holder(1)), 5 ether, "only what never moved");
        convict(1, 1000);
        assertEq(staking.settleMove(validator(2), holder(1)), 6 ether, "a tenth of what moved");
        assertEq(staking.settleMove(validator(3), holder(1)), 0, "nothing else answers for it");
    }

    function test_AWholeSlashLeavesNothingToLeaveWith() public {
        Parameters memory harsh = chosen(Policy.Delegated);
        harsh.slashBps = 10_000;
        staking.seed(harsh, GENESIS);
        bond(1, holder(1), 1000 ether);
        earn(1, 10 ether);
        convict(1, 990);
        assertEq(staking.stakeOf(validator(1), holder(1)), 0, "gone");
        vm.prank(holder(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotEnoughStake.selector, 0, 1000 ether));
        staking.unbond(validator(1), 1);
        staking.collect(validator(1));
        require(claim(holder(1), 1) >= 4.5 ether - 1, "what was earned was earned");
    }

    function test_WithoutStakeIncomeIsTheOperators() public {
        unbond(operator(1), 1, type(uint256).max);
        earn(1, 7 ether);
        staking.collect(validator(1));
        assertEq(staking.owed(operator(1)), 7 ether, "all of it");
    }

    function test_EvidenceOfAnotherGenesisOrAStrangerConvictsNobody() public {
        Statement memory first = Statement(Kind.Precommit, 990, 0, "a", 0, "");
        Statement memory second = Statement(Kind.Precommit, 990, 0, "b", 0, "");
        first.signature = sign(BlsFixtures.keyOf(1), proofs.digestOf(keccak256("other"), first));
        second.signature = sign(BlsFixtures.keyOf(1), proofs.digestOf(keccak256("other"), second));
        vm.expectPartialRevert(IStakingProofs.NoFault.selector);
        staking.slashDuplicate(first, second);
        first = precommit(6, 990, 0, "a");
        second = precommit(6, 990, 0, "b");
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, validator(6)));
        staking.slashDuplicate(first, second);
        register(6, STAKE);
        staking.slashDuplicate(first, second);
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(6)));
        staking.slashDuplicate(second, first);
        first = precommit(6, 991, 0, "a");
        second = prevote(6, 991, 1, "b", 0);
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(6)));
        staking.slashAmnesia(first, second);
    }

    function test_WhoeverRecordsTheGenesisRecordsTheSame() public {
        staking.seed(chosen(Policy.Delegated), 0);
        vm.roll(200);
        vm.setBlockhash(0, keccak256("block 0"));
        vm.prank(stranger);
        staking.recordGenesis();
        bytes32 id = staking.genesisId();
        staking.seed(chosen(Policy.Delegated), 0);
        staking.recordGenesis();
        require(staking.genesisId() == id, "the same");
        staking.seed(chosen(Policy.Delegated), 0);
        vm.roll(8192);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.BlockTooOld.selector, 0));
        staking.recordGenesis();
    }

    function test_PowerIsBoundedWhateverTheStake() public {
        Parameters memory fine = chosen(Policy.Delegated);
        fine.powerUnit = 1;
        staking.seed(fine, GENESIS);
        uint256 most = type(uint128).max - STAKE;
        bond(1, holder(1), most);
        bond(2, holder(1), most);
        (, uint256[] memory powers) = setOf();
        require(powers[0] == type(uint96).max && powers[1] == type(uint96).max, "capped");
        vm.deal(holder(1), 1);
        vm.prank(holder(1));
        vm.expectRevert();
        staking.bond{value: 1}(validator(1));
    }

    function test_WhoIsPushedOffAFullListComesBackOverTheOneThatPushed() public {
        for (uint256 i = 4; i < 256; i++) {
            staking.seedMember{value: 300 ether}(address(uint160(0xC000 + i)), operator(i), 0, 0);
        }
        address last = address(uint160(0xC000 + 255));
        register(5, 300 ether);
        assertEq(staking.validatorOf(validator(5)).place, 0, "as strong is not stronger");
        bond(5, holder(1), 100 ether);
        require(staking.validatorOf(validator(5)).place != 0, "stronger");
        assertEq(staking.validatorOf(pushedOff()).place, 0, "the highest of the weakest went");
        unbond(holder(1), 5, type(uint256).max);
        unbond(operator(5), 5, 150 ether);
        staking.refresh(pushedOff());
        require(staking.validatorOf(pushedOff()).place != 0, "back");
        assertEq(staking.validatorOf(validator(5)).place, 0, "for the one that had lost its strength");
        require(last == pushedOff(), "ties go by address");
    }

    function pushedOff() private pure returns (address) {
        return address(uint160(0xC000 + 255));
    }

    function test_NothingComesOfUnknownValidators() public {
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, stranger));
        staking.settleMove(stranger, stranger);
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, stranger));
        staking.refresh(stranger);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.NotOperator.selector, validator(1), stranger));
        staking.unjail(validator(1));
        assertEq(claim(stranger, 6), 0, "nothing to claim");
    }

    function test_TheWorstCasesFitABlock() public {
        for (uint256 i = 4; i < 256; i++) {
            staking.seedMember{value: (300 + i) * 1 ether}(address(uint160(0xC000 + i)), operator(i), 10, 0);
        }
        Parameters memory p = chosen(Policy.Delegated);
        p.seats = 256;
        staking.seed(p, GENESIS);
        uint256 before = gasleft();
        (address[] memory validators,) = setOf();
        require(validators.length == 256 && before - gasleft() < 5_000_000, "the view");
        (, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(5);
        (bytes memory compressed,,) = BlsFixtures.proofOf(5);
        bytes memory consent = consentOf(5, address(this), compressed);
        before = gasleft();
        staking.register{value: STAKE}(validator(5), key, possession, consent, 0);
        require(before - gasleft() < 3_000_000, "a place on a full list");
        p.policy = Policy.Authority;
        staking.seed(p, GENESIS);
        vm.prank(operator(1));
        before = gasleft();
        staking.propose(validator(1), validator(2), 11);
        require(before - gasleft() < 3_000_000, "a tally");
    }
}
