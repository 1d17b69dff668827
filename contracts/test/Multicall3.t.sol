// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Multicall3} from "../solidity/Multicall3.sol";
import {Predeploys} from "../solidity/Predeploys.sol";
import {Base} from "./Base.sol";

contract Multicall3Test is Base {
    Multicall3 private constant multicall = Multicall3(Predeploys.MULTICALL3);

    function setUp() public {
        deployAll();
        credit.mint(payer, 5);
    }

    function test_AFailureIsReportedWhereItIsAllowedAndRevertsWhereNot() public {
        Multicall3.Call3[] memory calls = new Multicall3.Call3[](2);
        calls[0] = Multicall3.Call3(address(credit), true, abi.encodeCall(credit.transfer, (payer, 1)));
        calls[1] = Multicall3.Call3(address(credit), false, abi.encodeCall(credit.balanceOf, (payer)));
        Multicall3.Result[] memory results = multicall.aggregate3(calls);
        require(!results[0].success && results[1].success, "outcomes");
        assertEq(abi.decode(results[1].returnData, (uint256)), 5, "balance");
        calls[0].allowFailure = false;
        vm.expectRevert("Multicall3: call failed");
        multicall.aggregate3(calls);
    }

    function test_TheOlderFormsDoTheSame() public {
        Multicall3.Call[] memory calls = new Multicall3.Call[](1);
        calls[0] = Multicall3.Call(address(credit), abi.encodeCall(credit.balanceOf, (payer)));
        (uint256 number, bytes[] memory data) = multicall.aggregate(calls);
        assertEq(number, block.number, "block");
        assertEq(abi.decode(data[0], (uint256)), 5, "aggregate");
        assertEq(abi.decode(multicall.tryAggregate(true, calls)[0].returnData, (uint256)), 5, "tryAggregate");
        (,, Multicall3.Result[] memory results) = multicall.blockAndAggregate(calls);
        assertEq(abi.decode(results[0].returnData, (uint256)), 5, "blockAndAggregate");
        calls[0].callData = abi.encodeCall(credit.transfer, (payer, 1));
        require(!multicall.tryAggregate(false, calls)[0].success, "failure");
        vm.expectRevert("Multicall3: call failed");
        multicall.tryAggregate(true, calls);
    }

    function testFuzz_ValueGoesWhereItIsSentOrNowhere(uint64 first, uint64 second, bool all) public {
        Multicall3.Call3Value[] memory calls = new Multicall3.Call3Value[](2);
        calls[0] = Multicall3.Call3Value(address(0x1001), false, first, "");
        calls[1] = Multicall3.Call3Value(address(0x1002), false, second, "");
        uint256 sum = uint256(first) + second;
        vm.deal(address(this), sum + 1);
        if (!all) vm.expectRevert("Multicall3: value mismatch");
        multicall.aggregate3Value{value: all ? sum : sum + 1}(calls);
        assertEq(address(0x1001).balance, all ? first : 0, "first");
        assertEq(address(0x1002).balance, all ? second : 0, "second");
    }

    function test_ItTellsTheBlocksFacts() public view {
        assertEq(multicall.getEthBalance(payer), payer.balance, "balance");
        assertEq(multicall.getChainId(), block.chainid, "chain");
        assertEq(multicall.getCurrentBlockTimestamp(), block.timestamp, "time");
        assertEq(multicall.getBlockNumber(), block.number, "number");
        assertEq(multicall.getCurrentBlockGasLimit(), block.gaslimit, "gas limit");
        assertEq(multicall.getBasefee(), block.basefee, "base fee");
    }
}
