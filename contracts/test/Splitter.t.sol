// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";
import {Splitter} from "../solidity/market/Splitter.sol";
import {Base} from "./Base.sol";
import {TollToken} from "./Hostile.sol";

contract SplitterTest is Base {
    Splitter private constant splitter = Splitter(Predeploys.SPLITTER);

    address[] private payees;
    uint16[] private shares;

    function setUp() public {
        deployAll();
        payees = [address(0x10), address(0x20), address(0x30)];
        shares = [uint16(3333), 3333, 3334];
        credit.mint(address(this), type(uint64).max);
        credit.approve(address(splitter), type(uint256).max);
    }

    function test_ASplitIsNamedByItsContentAndMadeOnce() public {
        bytes32 id = splitter.createSplit(payees, shares);
        require(id == splitter.getSplitId(payees, shares), "id");
        require(splitter.createSplit(payees, shares) == id, "again");
        assertEq(splitter.payeesOf(id).length, 3, "payees");
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
        splitter.createSplit(new address[](33), new uint16[](33));
        vm.expectPartialRevert(Splitter.InvalidPayeeCount.selector);
        splitter.createSplit(new address[](0), new uint16[](0));
    }

    function test_OnlyKnownSplitsArePaidAndOnlyPayeesAreOwed() public {
        vm.expectRevert(abi.encodeWithSelector(Splitter.UnknownSplit.selector, bytes32(0)));
        splitter.pay(0, address(credit), 1);
        bytes32 id = splitter.createSplit(payees, shares);
        vm.expectRevert(Splitter.ZeroAmount.selector);
        splitter.pay(id, address(credit), 0);
        splitter.pay(id, address(credit), 10_000);
        assertEq(splitter.withdraw(id, address(credit), stranger), 0, "stranger");
        assertEq(splitter.withdraw(id, address(credit), payees[2]), 3334, "payee");
        assertEq(splitter.withdraw(id, address(credit), payees[2]), 0, "again");
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
            if (withdrawals >> i & 1 == 1) splitter.withdraw(id, address(credit), payees[i % 3]);
        }
        uint256 rest = (10_000 - total % 10_000) % 10_000;
        checkSum(id, total);
        if (rest != 0) splitter.pay(id, address(credit), rest);
        for (uint256 i = 0; i < 3; i++) splitter.withdraw(id, address(credit), payees[i]);
        for (uint256 i = 0; i < 3; i++) {
            assertEq(credit.balanceOf(payees[i]), (total + rest) / 10_000 * shares[i], "share");
        }
        assertEq(credit.balanceOf(address(splitter)), 0, "left");
    }

    function checkSum(bytes32 id, uint256 total) private view {
        uint256 sum;
        for (uint256 i = 0; i < 3; i++) {
            sum += credit.balanceOf(payees[i]) + splitter.owed(id, address(credit), payees[i]);
        }
        require(sum <= total && total - sum < 3, "dust is less than a unit per payee");
    }
}
