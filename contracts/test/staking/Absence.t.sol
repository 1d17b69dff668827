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

    /// @dev Whatever the bytes, nothing but a plain refusal, and nobody jailed.
    function testFuzz_GarbageIsRefused(bytes calldata outer, bytes calldata inner) public {
        (bool success,) = address(staking).call(abi.encodeCall(staking.reportAbsence, (outer, inner)));
        require(!success, "refused");
        assertEq(staking.candidates().length, 4, "nobody is out");
    }
}
