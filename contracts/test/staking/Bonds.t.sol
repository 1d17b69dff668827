// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bonds} from "../../solidity/staking/Bonds.sol";
import {Candidates} from "../../solidity/staking/Candidates.sol";
import {Parameters, Policy} from "../../solidity/staking/StakingTypes.sol";
import {StakingStorage} from "../../solidity/staking/StakingStorage.sol";
import {BlsFixtures} from "./BlsFixtures.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev Believes everyone to have the BLS key of validator 5.
contract EasyProofs {
    function checkKeys(address, address, bytes calldata, bytes calldata, bytes calldata)
        external
        pure
        returns (bytes32, bytes16)
    {
        (bytes memory compressed,,) = BlsFixtures.proofOf(5);
        bytes16 low;
        assembly {
            low := mload(add(compressed, 64))
        }
        return (bytes32(compressed), low);
    }
}

/// @dev The policy `stake`: stake comes, counts, and goes late.
contract BondsTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Stake);
    }

    function unbond(uint256 number, uint256 amount) private {
        vm.prank(operator(number));
        staking.unbond(validator(number), amount);
    }

    function withdraw(address by) private returns (uint256) {
        vm.prank(by);
        return staking.withdraw();
    }

    function test_ARegisteredStakeIsPower() public {
        register(5, 1500 ether);
        (address[] memory validators, uint256[] memory powers, bytes[] memory keys) = staking.validatorSet();
        assertEq(validators.length, 4, "seats");
        require(validators[0] == validator(5), "the strongest first");
        assertEq(powers[0], 1500, "power");
        (bytes memory compressed,,) = BlsFixtures.proofOf(5);
        require(keccak256(keys[0]) == keccak256(compressed), "key");
        assertEq(staking.candidates().length, 5, "candidates");
    }

    function test_AmongEqualsTheLowerAddressHasTheSeat() public {
        register(5, STAKE);
        (address[] memory validators,) = setOf();
        address highest;
        for (uint256 i = 1; i <= 5; i++) if (validator(i) > highest) highest = validator(i);
        for (uint256 i = 0; i < 4; i++) {
            require(validators[i] != highest, "the highest waits");
            require(i == 0 || validators[i] > validators[i - 1], "ascending");
        }
    }

    function test_KeysAreUsedOnce() public {
        register(5, STAKE);
        (bytes memory compressed, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(5);
        bytes memory consent = consentOf(5, address(this), compressed);
        vm.expectRevert(abi.encodeWithSelector(Bonds.AlreadyRegistered.selector, validator(5)));
        staking.register{value: STAKE}(validator(5), key, possession, consent, 0);
        vm.expectRevert(abi.encodeWithSelector(Bonds.StakeTooSmall.selector, 1 ether, 100 ether));
        staking.register{value: 1 ether}(validator(6), key, possession, consent, 0);
        vm.expectRevert(abi.encodeWithSelector(Bonds.CommissionTooHigh.selector, 10_001));
        staking.register{value: STAKE}(validator(6), key, possession, consent, 10_001);
        // As if its owner had proven it for another validator too.
        vm.etch(address(proofs), address(new EasyProofs()).code);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BlsKeyTaken.selector, validator(5)));
        staking.register{value: STAKE}(validator(6), key, possession, consent, 0);
    }

    function test_OnlyTheOperatorBondsUnderStake() public {
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.NotOperator.selector, validator(1), address(this)));
        staking.bond{value: 1 ether}(validator(1));
        bond(1, operator(1), 500 ether);
        assertEq(staking.stakeOf(validator(1), operator(1)), 1500 ether, "stake");
        vm.expectRevert(abi.encodeWithSelector(StakingStorage.UnknownValidator.selector, validator(6)));
        staking.bond{value: 1 ether}(validator(6));
    }

    function test_StakeLeavesAfterBothPeriods() public {
        unbond(1, 300 ether);
        assertEq(staking.stakeOf(validator(1), operator(1)), 700 ether, "left");
        vm.roll(block.number + 121);
        vm.warp(START + 1000);
        assertEq(withdraw(operator(1)), 0, "seconds missing");
        vm.roll(1120);
        vm.warp(START + 1001);
        assertEq(withdraw(operator(1)), 0, "blocks missing");
        vm.roll(1121);
        assertEq(withdraw(operator(2)), 0, "another's");
        assertEq(withdraw(operator(1)), 300 ether, "over");
        assertEq(withdraw(operator(1)), 0, "again");
        assertEq(operator(1).balance, 300 ether, "paid");
    }

    function test_BelowTheMinimumAValidatorWaitsAndComesBack() public {
        unbond(1, 901 ether);
        assertEq(staking.candidates().length, 3, "out");
        bond(1, operator(1), 1 ether);
        assertEq(staking.candidates().length, 4, "in");
    }

    function test_TheLastValidatorCannotLeaveButCanBeConvicted() public {
        for (uint256 i = 1; i <= 3; i++) unbond(i, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Candidates.LastValidator.selector, validator(4)));
        unbond(4, type(uint256).max);
        unbond(4, 900 ether);
        convict(4, 990);
        (address[] memory validators,) = setOf();
        require(validators.length == 1 && validators[0] == validator(4), "keeps the seat");
        unbond(4, type(uint256).max);
        (, uint256[] memory powers) = setOf();
        assertEq(powers[0], 1, "a seat has power");
        register(5, STAKE);
        (validators,) = setOf();
        require(validators.length == 1 && validators[0] == validator(5), "until another comes");
    }

    function test_ASlashTakesItsPartBurnsAndRewards() public {
        uint256 burnt = address(0).balance;
        vm.startPrank(stranger);
        convict(1, 990);
        vm.stopPrank();
        assertEq(staking.owed(stranger), 5 ether, "reporter");
        assertEq(address(0).balance - burnt, 95 ether, "burnt");
        assertEq(staking.stakeOf(validator(1), operator(1)), 900 ether, "left");
        assertEq(staking.candidates().length, 3, "out");
        vm.deal(operator(1), 1 ether);
        vm.prank(operator(1));
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(1)));
        staking.bond{value: 1 ether}(validator(1));
        assertEq(claim(stranger, 1), 5 ether, "claimed");
    }

    /// @dev Block 1000 is in epoch 99, so stake that leaves there answers for heights up to 1010.
    function testFuzz_ASlashReachesStakeOnItsWayOut(uint256 height, uint256 reportedAfter) public {
        height = bound(height, 991, 1020);
        unbond(1, 400 ether);
        uint256 reported = bound(reportedAfter, height < 1000 ? 1000 : height, height + 100);
        vm.roll(reported);
        convict(1, height);
        unbond(1, type(uint256).max);
        vm.roll(reported + 121);
        vm.warp(START + 2000);
        uint256 expected = (height <= 1010 ? 360 ether : 400 ether) + 540 ether;
        assertEq(withdraw(operator(1)), expected, "paid");
        assertEq(address(staking).balance, 3000 ether + 3 ether, "the rest is there");
    }

    /// @dev Whenever stake leaves, evidence of what it backed comes before it can be fetched.
    function testFuzz_NoStakeIsGoneWhileEvidenceIsGood(uint256 leaves, uint256 faultAfter) public {
        vm.roll(bound(leaves, 1000, 1009));
        uint256 left = block.number;
        unbond(1, 400 ether);
        uint256 lastBacked = ((left - 1) / EPOCH + 2) * EPOCH;
        uint256 height = bound(faultAfter, left, lastBacked);
        vm.roll(height + 100);
        vm.warp(START + 1_000_000);
        assertEq(withdraw(operator(1)), 0, "still there");
        convict(1, height);
        vm.roll(block.number + 121);
        assertEq(withdraw(operator(1)), 360 ether, "slashed");
    }

    function test_EntriesAreBounded() public {
        for (uint256 i = 0; i < 32; i++) unbond(1, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(Bonds.TooManyUnbondings.selector, 32));
        unbond(1, 1 ether);
        waitUnbonding();
        assertEq(withdraw(operator(1)), 32 ether, "all of them");
        unbond(1, 1 ether);
    }

    function test_NothingIsNoAmount() public {
        vm.expectRevert(Bonds.ZeroAmount.selector);
        unbond(1, 0);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Bonds.NotEnoughStake.selector, 0, 0));
        staking.unbond(validator(1), 1);
        vm.prank(operator(1));
        vm.expectRevert(Bonds.ZeroAmount.selector);
        staking.bond{value: 0}(validator(1));
    }

    function test_WhenTheListIsFullOnlyTheStrongerEnters() public {
        uint256 weakest = 200;
        for (uint256 i = 4; i < 256; i++) {
            address made = address(uint160(0xC000 + i));
            staking.seedMember{value: (i == 100 ? weakest : 300) * 1 ether}(made, operator(i), 0, 0);
        }
        register(5, 200 ether);
        assertEq(staking.candidates().length, 256, "full");
        assertEq(staking.validatorOf(validator(5)).place, 0, "waits");
        bond(5, operator(5), 1 ether);
        require(staking.validatorOf(validator(5)).place != 0, "entered");
        assertEq(staking.validatorOf(address(uint160(0xC000 + 100))).place, 0, "the weakest went");
        assertEq(staking.candidates().length, 256, "still full");
    }

    /// @dev What consensus asks for at each epoch's end, with a hundred seats taken of 256 candidates.
    function test_TheViewIsBounded() public {
        for (uint256 i = 4; i < 256; i++) {
            staking.seedMember{value: (300 + i) * 1 ether}(address(uint160(0xC000 + i)), operator(i), 0, 0);
        }
        staking.seed(withSeats(100), GENESIS);
        uint256 before = gasleft();
        (address[] memory validators,) = setOf();
        require(before - gasleft() < 5_000_000, "gas");
        assertEq(validators.length, 100, "seats");
    }

    function withSeats(uint16 seats) private pure returns (Parameters memory p) {
        p = chosen(Policy.Stake);
        p.seats = seats;
    }
}
