// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IStakingProofs} from "../../solidity/staking/IStakingProofs.sol";
import {Penalties} from "../../solidity/staking/Penalties.sol";
import {Policy} from "../../solidity/staking/StakingTypes.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev Jail for absence, by headers that the chain knows.
contract AbsenceTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Stake);
    }

    /// @dev An RLP string of up to 55 bytes, as it is for all that headers hold here.
    function text(bytes memory content) private pure returns (bytes memory) {
        if (content.length == 1 && uint8(content[0]) < 0x80) return content;
        return bytes.concat(bytes1(uint8(0x80 + content.length)), content);
    }

    function list(bytes memory content) private pure returns (bytes memory) {
        if (content.length < 56) return bytes.concat(bytes1(uint8(0xc0 + content.length)), content);
        return bytes.concat(hex"f9", bytes2(uint16(content.length)), content);
    }

    function consensusHeader(uint16 height, address[] memory absent) private pure returns (bytes memory) {
        bytes memory fields = bytes.concat(text("quoin/block/1"), text(hex"7aaa"), text(bytes.concat(bytes2(height))));
        for (uint256 i = 0; i < 10; i++) fields = bytes.concat(fields, text(abi.encode(i)));
        bytes memory names;
        for (uint256 i = 0; i < absent.length; i++) names = bytes.concat(names, text(bytes.concat(bytes20(absent[i]))));
        return list(bytes.concat(fields, list(names)));
    }

    /// @dev The header of a block of this chain.
    function executionHeader(uint16 number, bytes32 root) private returns (bytes memory header) {
        bytes memory fields;
        for (uint256 i = 0; i < 8; i++) fields = bytes.concat(fields, text(abi.encode(i)));
        fields = bytes.concat(fields, text(bytes.concat(bytes2(number))));
        for (uint256 i = 9; i < 19; i++) fields = bytes.concat(fields, text(""));
        header = list(bytes.concat(fields, text(bytes.concat(root)), text(abi.encode(0))));
        vm.setBlockhash(number, keccak256(header));
    }

    function report(uint16 height, uint256 number) private returns (uint256) {
        address[] memory absent = new address[](1);
        absent[0] = validator(number);
        bytes memory inner = consensusHeader(height, absent);
        return staking.reportAbsence(executionHeader(height + 1, keccak256(inner)), inner);
    }

    function unjail(uint256 number) private {
        vm.prank(operator(number));
        staking.unjail(validator(number));
    }

    function test_AbsenceJailsOnceAndForAWhile() public {
        assertEq(report(990, 1), 1, "jailed");
        assertEq(staking.candidates().length, 3, "out");
        assertEq(staking.stakeOf(validator(1), operator(1)), STAKE, "its stake is not touched");
        assertEq(report(990, 1), 0, "once");
        vm.warp(START + 599);
        vm.prank(operator(1));
        vm.expectRevert(abi.encodeWithSelector(Penalties.StillJailed.selector, validator(1), START + 600));
        staking.unjail(validator(1));
        vm.warp(START + 600);
        unjail(1);
        assertEq(staking.candidates().length, 4, "back");
        assertEq(report(990, 1), 0, "the same block again");
        assertEq(report(998, 1), 0, "an absence before its return");
        vm.roll(1020);
        assertEq(report(1010, 1), 1, "a new one");
        vm.prank(operator(2));
        vm.expectRevert(abi.encodeWithSelector(Penalties.NotJailed.selector, validator(2)));
        staking.unjail(validator(2));
    }

    function test_TheLastValidatorKeepsItsSeatInJail() public {
        for (uint256 i = 1; i <= 4; i++) report(990, i);
        (address[] memory validators,) = setOf();
        require(validators.length == 1 && validators[0] == validator(4), "the last");
        vm.warp(START + 600);
        unjail(1);
        (validators,) = setOf();
        require(validators.length == 1 && validators[0] == validator(1), "until another is back");
        unjail(4);
        (validators,) = setOf();
        assertEq(validators.length, 2, "both");
    }

    function test_OnlyHeadersOfThisChainCount() public {
        address[] memory absent = new address[](1);
        absent[0] = validator(1);
        bytes memory inner = consensusHeader(990, absent);
        bytes memory outer = executionHeader(991, keccak256(inner));
        absent[0] = validator(2);
        bytes memory forged = consensusHeader(990, absent);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotOurHeader.selector, 991));
        staking.reportAbsence(outer, forged);
        vm.setBlockhash(991, keccak256("another"));
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotOurBlock.selector, 991));
        staking.reportAbsence(outer, inner);
        outer = executionHeader(991, keccak256("no header"));
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotOurHeader.selector, 991));
        staking.reportAbsence(outer, "no header");
        vm.roll(10_000);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.BlockTooOld.selector, 991));
        staking.reportAbsence(outer, inner);
    }

    /// @dev Headers are this chain's, so what is odd in them is odd by an error of ours: it does no harm.
    function test_OddListsDoNoHarm() public {
        address[] memory absent = new address[](4);
        (absent[0], absent[1], absent[2], absent[3]) = (validator(1), validator(1), stranger, address(0));
        bytes memory inner = consensusHeader(990, absent);
        assertEq(staking.reportAbsence(executionHeader(991, keccak256(inner)), inner), 1, "each once");
        inner = consensusHeader(980, new address[](0));
        assertEq(staking.reportAbsence(executionHeader(981, keccak256(inner)), inner), 0, "nobody");
        bytes memory other = bytes.concat(text("quoin/block/2"), text(hex"7aaa"), text(hex"03d4"));
        inner = list(other);
        bytes memory outer = executionHeader(985, keccak256(inner));
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotOurHeader.selector, 985));
        staking.reportAbsence(outer, inner);
    }

    /// @dev Only those who may validate now go to jail; who left the list by itself is found when it is back.
    function test_WhoLeftTheListIsJailedWhenItIsBack() public {
        vm.prank(operator(1));
        staking.unbond(validator(1), 950 ether);
        assertEq(report(990, 1), 0, "not on the list");
        bond(1, operator(1), 950 ether);
        assertEq(report(990, 1), 1, "back, and jailed");
    }

    function test_JailAndConvictionAreForgottenInNoOrder() public {
        report(990, 1);
        convict(1, 995);
        vm.warp(START + 600);
        unjail(1);
        assertEq(staking.candidates().length, 3, "out of jail, but convicted");
        convict(2, 995);
        assertEq(report(990, 2), 0, "the convicted are not jailed besides");
        report(990, 3);
        vm.warp(START + 1199);
        vm.prank(operator(3));
        vm.expectRevert(abi.encodeWithSelector(Penalties.StillJailed.selector, validator(3), START + 1200));
        staking.unjail(validator(3));
        bond(3, operator(3), 1000 ether);
        assertEq(staking.validatorOf(validator(3)).place, 0, "stake buys nobody out");
    }

    function test_AnEpochOfAbsentFitsABlock() public {
        address[] memory absent = new address[](252);
        for (uint256 i = 0; i < 252; i++) {
            absent[i] = address(uint160(0xC000 + i));
            staking.seedMember{value: 300 ether}(absent[i], operator(i), 0, 0);
        }
        bytes memory inner = consensusHeader(990, absent);
        bytes memory outer = executionHeader(991, keccak256(inner));
        uint256 before = gasleft();
        assertEq(staking.reportAbsence(outer, inner), 252, "all");
        require(before - gasleft() < 20_000_000, "gas");
    }

    /// @dev Whatever the bytes, nothing but a plain refusal, and nobody jailed.
    function testFuzz_GarbageIsRefused(bytes calldata outer, bytes calldata inner) public {
        (bool success,) = address(staking).call(abi.encodeCall(staking.reportAbsence, (outer, inner)));
        require(!success, "refused");
        assertEq(staking.candidates().length, 4, "nobody is out");
    }
}
