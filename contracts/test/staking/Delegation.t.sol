// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "../../solidity/staking/Bonds.sol";
import {Policy, Validator} from "../../solidity/staking/StakingTypes.sol";
import {Vault} from "../../solidity/staking/Vault.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev The policy `delegated`: holders' stake elects, earns, moves and answers.
contract DelegationTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Delegated);
    }

    function redelegate(address by, uint256 from, uint256 to, uint256 amount) private {
        vm.prank(by);
        staking.redelegate(validator(from), validator(to), amount);
    }

    function test_VotesElectAndMovingThemMovesThem() public {
        register(5, 100 ether);
        bond(5, holder(1), 1000 ether);
        (address[] memory validators, uint256[] memory powers) = setOf();
        require(validators[0] == validator(5) && powers[0] == 1100, "elected");
        uint256 sum = powers[0] + powers[1] + powers[2] + powers[3];
        assertEq(sum, 4100, "each wei once");
        redelegate(holder(1), 5, 1, 1000 ether);
        (validators, powers) = setOf();
        require(validators[0] == validator(1) && powers[0] == 2000, "moved");
        sum = powers[0] + powers[1] + powers[2] + powers[3];
        assertEq(sum, 5000, "and no more where it was");
    }

    function test_RewardsAreSharedByStakeAfterCommission() public {
        bond(1, holder(1), 3000 ether);
        earn(1, 100 ether);
        assertEq(staking.collect(validator(1)), 100 ether, "collected");
        assertEq(staking.collect(validator(1)), 0, "nothing there");
        assertNear(staking.rewardsOf(validator(1), holder(1)), 67.5 ether, "three quarters of 90");
        assertNear(claim(holder(1), 1), 67.5 ether, "claimed");
        assertNear(claim(operator(1), 1), 32.5 ether, "commission and own share");
        assertEq(claim(holder(1), 1), 0, "once");
        bond(1, holder(2), 4000 ether);
        earn(1, 80 ether);
        staking.collect(validator(1));
        assertNear(staking.rewardsOf(validator(1), holder(2)), 36 ether, "only from now on");
        assertNear(staking.rewardsOf(validator(1), holder(1)), 27 ether, "less of more");
    }

    /// @dev A share's part is rounded down, to a wei less at most.
    function assertNear(uint256 actual, uint256 expected, string memory what) private pure {
        require(actual <= expected && expected - actual <= 1, what);
    }

    function test_AVaultIsEmptiedByStakingAlone() public {
        earn(1, 1 ether);
        staking.collect(validator(1));
        Vault vault = Vault(payable(staking.vaultOf(validator(1))));
        vm.expectRevert(abi.encodeWithSelector(Vault.NotStaking.selector, address(this)));
        vault.sweep();
        (bool success,) = address(vault).call{value: 2 ether}("");
        require(success, "anyone may pay in");
        assertEq(staking.collect(validator(1)), 2 ether, "and it is shared");
        (success,) = address(staking).call{value: 1 ether}("");
        require(!success, "nothing comes in but from vaults");
    }

    function test_DelegatorsLoseInProportion() public {
        bond(1, holder(1), 3000 ether);
        convict(1, 990);
        assertEq(staking.stakeOf(validator(1), holder(1)), 2700 ether, "holder");
        assertEq(staking.stakeOf(validator(1), operator(1)), 900 ether, "operator");
        vm.prank(holder(1));
        staking.unbond(validator(1), type(uint256).max);
        waitUnbonding();
        vm.prank(holder(1));
        assertEq(staking.withdraw(), 2700 ether, "out");
    }

    function test_AMoveDoesNotEscapeASlash() public {
        bond(1, holder(1), 1000 ether);
        redelegate(holder(1), 1, 2, type(uint256).max);
        assertEq(staking.stakeOf(validator(2), holder(1)), 1000 ether, "moved");
        vm.prank(holder(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotEnoughStake.selector, 0, 0));
        staking.unbond(validator(2), 1 ether);
        vm.prank(holder(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotEnoughStake.selector, 0, 0));
        staking.redelegate(validator(2), validator(3), 1 ether);
        vm.roll(1010);
        convict(1, 1010);
        uint256 burnt = address(0).balance;
        assertEq(staking.settleMove(validator(2), holder(1)), 100 ether, "penalty");
        assertEq(address(0).balance - burnt, 100 ether, "burnt");
        assertEq(staking.stakeOf(validator(2), holder(1)), 900 ether, "left");
        assertEq(staking.stakeOf(validator(2), operator(2)), 1000 ether, "of the holder alone");
        vm.prank(holder(1));
        staking.unbond(validator(2), type(uint256).max);
    }

    function test_AMoveIsFreeOnceItsTimeIsOver() public {
        bond(1, holder(1), 1000 ether);
        redelegate(holder(1), 1, 2, 400 ether);
        bond(3, holder(1), 5 ether);
        vm.prank(holder(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.MovePending.selector, validator(2), holder(1)));
        staking.redelegate(validator(3), validator(2), 1 ether);
        waitUnbonding();
        convict(1, block.number);
        assertEq(staking.settleMove(validator(2), holder(1)), 0, "a later fault");
        redelegate(holder(1), 2, 3, type(uint256).max);
        assertEq(staking.stakeOf(validator(3), holder(1)), 405 ether, "moved on");
    }

    function test_NobodyMovesMoreThanIsTheirs() public {
        bond(1, holder(1), 10 ether);
        redelegate(holder(1), 1, 2, 1_000_000 ether);
        assertEq(staking.stakeOf(validator(2), holder(1)), 10 ether, "no more than there is");
        vm.expectRevert(abi.encodeWithSelector(Bonds.SameValidator.selector, validator(1)));
        redelegate(operator(1), 1, 1, 1 ether);
    }

    function testFuzz_RewardsAreNeverMoreThanCameIn(uint96[4] calldata stakes, uint96[4] calldata incomes) public {
        uint256 income;
        for (uint256 i = 0; i < 4; i++) {
            bond(1, holder(i), bound(stakes[i], 1, 1e27));
            earn(1, incomes[i]);
            staking.collect(validator(1));
            income += incomes[i];
        }
        uint256 paid = claim(operator(1), 1);
        for (uint256 i = 0; i < 4; i++) paid += claim(holder(i), 1);
        require(paid <= income && income - paid <= 20, "dust only");
    }

    /// @dev After a slash a share is worth less than a wei: whoever leaves pays the rounding.
    function testFuzz_LeavingCostsTheOthersNothing(uint96 stake, uint96 amount, uint96 others) public {
        bond(1, holder(1), bound(stake, 1 ether, 1e27));
        bond(1, holder(2), bound(others, 1, 1e27));
        convict(1, 990);
        Validator memory one = staking.validatorOf(validator(1));
        uint256 before = staking.stakeOf(validator(1), holder(2));
        vm.prank(holder(1));
        staking.unbond(validator(1), bound(amount, 1, 1e27));
        require(staking.stakeOf(validator(1), holder(2)) >= before, "less");
        Validator memory after_ = staking.validatorOf(validator(1));
        uint256 worthBefore = uint256(one.stake) * after_.shares;
        require(uint256(after_.stake) * one.shares >= worthBefore, "a share is worth no less");
    }
}
