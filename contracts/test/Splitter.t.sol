// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";
import {ArtifactKind} from "../solidity/market/IRegistry.sol";
import {Registry} from "../solidity/market/Registry.sol";
import {Splitter} from "../solidity/market/Splitter.sol";
import {Till} from "../solidity/market/Till.sol";
import {Base} from "./Base.sol";
import {TollToken} from "./Hostile.sol";

contract SplitterTest is Base {
    Splitter private constant splitter = Splitter(Predeploys.SPLITTER);

    bytes32[] private payees;
    uint16[] private shares;

    function setUp() public {
        deployAll();
        payees = [bytes32(uint256(0x10)), bytes32(uint256(0x20)), bytes32(uint256(0x30))];
        shares = [uint16(3333), 3333, 3334];
        credit.mint(address(this), type(uint64).max);
        credit.approve(address(splitter), type(uint256).max);
    }

    function test_ASplitIsNamedByItsContentAndMadeOnce() public {
        bytes32 id = splitter.createSplit(payees, shares);
        require(id == splitter.getSplitId(payees, shares), "id");
        require(splitter.createSplit(payees, shares) == id, "again");
        (bytes32[] memory list,) = splitter.payeesOf(id);
        assertEq(list.length, 3, "payees");
    }

    function test_SharesMustBeWholeAndPayeesDistinct() public {
        shares[0] = 3332;
        vm.expectRevert(abi.encodeWithSelector(Splitter.SharesNotWhole.selector, 9999));
        splitter.createSplit(payees, shares);
        shares[0] = 0;
        vm.expectRevert(abi.encodeWithSelector(Splitter.ZeroShare.selector, payees[0]));
        splitter.createSplit(payees, shares);
        payees[1] = payees[0];
        shares[0] = 3333;
        vm.expectRevert(abi.encodeWithSelector(Splitter.PayeesNotAscending.selector, payees[0]));
        splitter.createSplit(payees, shares);
        vm.expectPartialRevert(Splitter.InvalidPayeeCount.selector);
        splitter.createSplit(new bytes32[](65), new uint16[](65));
        vm.expectPartialRevert(Splitter.InvalidPayeeCount.selector);
        splitter.createSplit(new bytes32[](0), new uint16[](0));
    }

    function test_OnlyKnownSplitsArePaidAndOnlyPayeesAreOwed() public {
        vm.expectRevert(abi.encodeWithSelector(Splitter.UnknownSplit.selector, bytes32(0)));
        splitter.pay(0, address(credit), 1);
        bytes32 id = splitter.createSplit(payees, shares);
        vm.expectRevert(Splitter.ZeroAmount.selector);
        splitter.pay(id, address(credit), 0);
        splitter.pay(id, address(credit), 10_000);
        assertEq(withdraw(id, splitter.payeeOf(stranger)), 0, "stranger");
        assertEq(withdraw(id, payees[2]), 3334, "payee");
        assertEq(withdraw(id, payees[2]), 0, "again");
    }

    function test_WhatLiesInATillIsSharedOnceCollected() public {
        bytes32 id = splitter.createSplit(payees, shares);
        address till = splitter.tillOf(id);
        assertEq(splitter.collect(id, address(credit)), 0, "nothing yet");
        credit.transfer(till, 10_000);
        assertEq(splitter.owed(id, address(credit), payees[0]), 0, "not collected");
        assertEq(splitter.collect(id, address(credit)), 10_000, "collected");
        assertEq(splitter.collect(id, address(credit)), 0, "once");
        assertEq(splitter.owed(id, address(credit), payees[0]), 3333, "shared");
        credit.transfer(till, 1);
        vm.expectPartialRevert(Till.NotSplitter.selector);
        Till(till).sweep(credit);
        vm.expectRevert(abi.encodeWithSelector(Splitter.UnknownSplit.selector, bytes32(0)));
        splitter.collect(0, address(credit));
    }

    function test_OneTransferPaysWhatManySplitsOweAndNoneTwice() public {
        bytes32[] memory ids = new bytes32[](3);
        ids[0] = splitter.createSplit(payees, shares);
        (shares[0], shares[2]) = (shares[2], shares[0]);
        ids[1] = splitter.createSplit(payees, shares);
        ids[2] = ids[0];
        splitter.pay(ids[0], address(credit), 10_000);
        splitter.pay(ids[1], address(credit), 10_000);
        assertEq(splitter.withdraw(ids, address(credit), payees[0]), 3333 + 3334, "both, once");
        assertEq(splitter.withdraw(ids, address(credit), payees[0]), 0, "again");
    }

    function test_AnArtifactsSplitIsOfOneThatExistsAndNeverMoreThanWhole() public {
        bytes32 artifact = keccak256("data");
        vm.expectRevert(abi.encodeWithSelector(Splitter.UnknownPayee.selector, artifact));
        splitter.createLineageSplit(artifact, 1, stranger);
        payees[2] = artifact;
        vm.expectRevert(abi.encodeWithSelector(Splitter.UnknownPayee.selector, artifact));
        splitter.createSplit(payees, shares);
        Registry(Predeploys.REGISTRY).publishArtifact("data", ArtifactKind.DataSet, "");
        vm.expectRevert(abi.encodeWithSelector(Splitter.SharesExceedWhole.selector, 10_001));
        splitter.createLineageSplit(artifact, 10_001, stranger);
        bytes32 id = splitter.createLineageSplit(artifact, 10_000, stranger);
        require(splitter.createLineageSplit(artifact, 10_000, stranger) == id, "again");
        (bytes32[] memory list,) = splitter.payeesOf(id);
        require(list.length == 1 && list[0] == artifact, "nothing is left for the rest");
        splitter.createSplit(payees, shares);
    }

    function test_TokensThatTakeATollAreRefused() public {
        TollToken toll = new TollToken();
        toll.mint(address(this), 1000);
        toll.approve(address(splitter), 1000);
        bytes32 id = splitter.createSplit(payees, shares);
        vm.expectRevert(abi.encodeWithSelector(Splitter.PaymentMismatch.selector, 1000, 990));
        splitter.pay(id, address(toll), 1000);
    }

    /// @dev Whatever comes in and goes out in whatever order, all of it is paid, owed, or less than a
    /// unit per payee; and at a whole multiple of 10000 nothing is left over.
    function testFuzz_EveryUnitIsAccountedFor(uint32[8] calldata amounts, uint8 withdrawals) public {
        bytes32 id = splitter.createSplit(payees, shares);
        uint256 total;
        for (uint256 i = 0; i < amounts.length; i++) {
            if (amounts[i] != 0) splitter.pay(id, address(credit), amounts[i]);
            total += amounts[i];
            if (withdrawals >> i & 1 == 1) withdraw(id, payees[i % 3]);
        }
        uint256 rest = (10_000 - total % 10_000) % 10_000;
        checkSum(id, total);
        if (rest != 0) splitter.pay(id, address(credit), rest);
        for (uint256 i = 0; i < 3; i++) withdraw(id, payees[i]);
        for (uint256 i = 0; i < 3; i++) {
            assertEq(credit.balanceOf(splitter.accountOf(payees[i])), (total + rest) / 10_000 * shares[i], "share");
        }
        assertEq(credit.balanceOf(address(splitter)), 0, "left");
    }

    function withdraw(bytes32 id, bytes32 payee) private returns (uint256) {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        return splitter.withdraw(ids, address(credit), payee);
    }

    function checkSum(bytes32 id, uint256 total) private view {
        uint256 sum;
        for (uint256 i = 0; i < 3; i++) {
            sum += credit.balanceOf(splitter.accountOf(payees[i])) + splitter.owed(id, address(credit), payees[i]);
        }
        require(sum <= total && total - sum < 3, "dust is less than a unit per payee");
    }
}
