// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Licences} from "../../solidity/licences/Licences.sol";
import {Order, Terms} from "../../solidity/licences/LicenceTypes.sol";
import {Offers} from "../../solidity/licences/Offers.sol";
import {Purposes} from "../../solidity/licences/Purposes.sol";
import {Rights} from "../../solidity/licences/Rights.sol";
import {HostileHolder} from "./Hostile.sol";
import {LicenceBase} from "./LicenceBase.sol";

contract RightsTest is LicenceBase {
    bytes32 private data;

    function setUp() public {
        deployMarket();
        data = publish(owner, "data");
    }

    function testFuzz_ARightIsForItsPurposesAndItsTimeOnly(uint8 purposes, uint8 asked, uint40 passed) public {
        purposes = uint8(bound(purposes, 1, FULL));
        Terms memory made = terms(purposes, 0, 0);
        made.duration = 1 days;
        buy(openOffer(owner, data, made), payer);
        vm.warp(START + bound(passed, 0, 2 days));
        bool isGood = purposes & asked != 0 && block.timestamp < START + 1 days;
        require(licences.hasRight(payer, data, asked) == isGood, "right");
        (bool has,) = licences.rightFor(payer, data, asked, 0);
        require(has == isGood, "right for");
        require(!licences.hasRight(stranger, data, asked), "stranger");
        require(licences.hasRight(owner, data, asked), "owner");
        require(!licences.hasRight(address(0), keccak256("nothing"), asked), "nobody's");
    }

    function test_AnIdBindsArtifactAndOffer() public {
        bytes32 other = publish(owner, "other");
        uint256 first = openOffer(owner, data, terms(FULL, 0, 0));
        require(first == licences.offerId(data, 1), "id");
        require(openOffer(owner, data, terms(FULL, 0, 0)) == licences.offerId(data, 2), "version");
        buy(openOffer(owner, other, terms(FULL, 0, 0)), payer);
        require(!licences.hasRight(payer, data, FULL), "another artifact's");
        require(keccak256(bytes(licences.uri(first))) == keccak256("ipfs://data"), "uri");
    }

    function test_ARightMovesWholeAndOnlyWhereItsTermsAllow() public {
        uint256 fixedId = openOffer(owner, data, terms(FULL, 0, 0));
        buy(fixedId, payer);
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(Rights.NotTransferable.selector, fixedId));
        licences.safeTransferFrom(payer, stranger, fixedId, 1, "");
        vm.expectRevert(abi.encodeWithSelector(Rights.NotTransferable.selector, fixedId));
        licences.safeTransferFrom(payer, stranger, fixedId, 0, "");
        vm.stopPrank();
        Terms memory made = terms(FULL, 0, 1);
        (made.transferable, made.perUse, made.duration) = (true, true, 1 days);
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        buy(id, payer);
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(Rights.MovesWhole.selector, id, 2));
        licences.safeTransferFrom(payer, stranger, id, 1, "");
        licences.safeTransferFrom(payer, stranger, id, 2, "");
        vm.expectRevert(abi.encodeWithSelector(Rights.NoRight.selector, id, payer));
        licences.safeTransferFrom(payer, stranger, id, 0, "");
        vm.stopPrank();
        assertEq(licences.holding(id, stranger).expiresAt, START + 1 days, "its time goes with it");
        require(licences.holding(id, stranger).publicKey == 0, "the key does not");
        assertEq(licences.rightsOf(stranger, data).length, 1, "list");
        buy(id, payer);
        vm.expectRevert(abi.encodeWithSelector(Rights.AlreadyHeld.selector, id, stranger));
        vm.prank(payer);
        licences.safeTransferFrom(payer, stranger, id, 1, "");
        vm.expectRevert(abi.encodeWithSelector(Rights.AlreadyHeld.selector, id, payer));
        vm.prank(payer);
        licences.safeTransferFrom(payer, payer, id, 1, "");
    }

    function test_ABatchObeysTheSameRules() public {
        Terms memory made = terms(FULL, 0, 0);
        made.transferable = true;
        uint256 first = openOffer(owner, data, made);
        uint256 second = openOffer(owner, data, terms(FULL, 0, 0));
        buy(first, payer);
        buy(second, payer);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (ids[0], ids[1], amounts[0], amounts[1]) = (first, second, 1, 1);
        vm.startPrank(payer);
        vm.expectPartialRevert(Rights.NotTransferable.selector);
        licences.safeBatchTransferFrom(payer, stranger, ids, amounts, "");
        ids[1] = first;
        vm.expectPartialRevert(bytes4(keccak256("ERC1155InsufficientBalance(address,uint256,uint256,uint256)")));
        licences.safeBatchTransferFrom(payer, stranger, ids, amounts, "");
        vm.stopPrank();
    }

    function test_AHostileHolderHarmsNobody() public {
        Terms memory made = terms(FULL, 0, 0);
        made.transferable = true;
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        HostileHolder holder = new HostileHolder();
        vm.expectPartialRevert(bytes4(keccak256("Error(string)")));
        vm.prank(payer);
        licences.safeTransferFrom(payer, address(holder), id, 1, "");
        holder.aim(address(holder), abi.encodeCall(holder.send, (address(licences), stranger, id, 1)));
        vm.prank(payer);
        licences.safeTransferFrom(payer, address(holder), id, 1, "");
        require(holder.succeeded(), "it may give it away at once");
        assertEq(licences.balanceOf(stranger, id), 1, "one right");
        assertEq(licences.balanceOf(payer, id) + licences.balanceOf(address(holder), id), 0, "and no other");
        require(licences.hasRight(stranger, data, FULL) && !licences.hasRight(payer, data, FULL), "right");
        require(!licences.hasRight(address(holder), data, FULL), "holder");
        buy(id, address(holder));
        require(licences.hasRight(address(holder), data, FULL), "a contract buys without being asked");
    }

    function test_AUseIsSpentOnceByNameByItsHolder() public {
        Terms memory made = terms(FULL, 0, 3);
        made.perUse = true;
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        vm.expectPartialRevert(Rights.NoRight.selector);
        licences.spend(id, keccak256("use"));
        vm.startPrank(payer);
        vm.expectPartialRevert(Rights.NoUseId.selector);
        licences.spend(id, 0);
        licences.spend(id, keccak256("use"));
        vm.stopPrank();
        require(licences.isSpent(payer, data, keccak256("use")), "spent");
        require(!licences.hasRight(payer, data, FULL), "none left");
        (bool has,) = licences.rightFor(payer, data, Purposes.TRAIN, keccak256("use"));
        require(has, "counts for it");
        (has,) = licences.rightFor(payer, data, Purposes.TRAIN, keccak256("other"));
        require(!has, "and for nothing else");
        buy(id, payer);
        vm.prank(payer);
        vm.expectPartialRevert(Rights.AlreadyUsed.selector);
        licences.spend(id, keccak256("use"));
        uint256 once = openOffer(owner, data, terms(FULL, 0, 0));
        vm.expectPartialRevert(Rights.NotPerUse.selector);
        licences.spend(once, keccak256("use"));
    }

    function test_UsesThatAreOverAreNotAddedToNewOnes() public {
        Terms memory made = terms(FULL, 0, 3);
        (made.perUse, made.duration) = (true, 100);
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        buy(id, payer);
        assertEq(licences.balanceOf(payer, id), 2, "uses");
        vm.warp(START + 100);
        vm.prank(payer);
        vm.expectPartialRevert(Rights.NoRight.selector);
        licences.spend(id, keccak256("use"));
        buy(id, payer);
        assertEq(licences.balanceOf(payer, id), 1, "anew");
    }

    function test_ARightIsDiscardedByItsHolderOrOnceItIsOver() public {
        Terms memory made = terms(FULL, 0, 0);
        made.duration = 100;
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        vm.expectPartialRevert(Rights.NotHolder.selector);
        licences.discard(id, payer);
        vm.warp(START + 100);
        licences.discard(id, payer);
        assertEq(licences.rightsOf(payer, data).length, 0, "list");
        vm.expectPartialRevert(Rights.NoRight.selector);
        licences.discard(id, payer);
        buy(id, payer);
        vm.prank(payer);
        licences.discard(id, payer);
    }

    function test_AnAccountHoldsSixteenRightsToAnArtifact() public {
        for (uint256 i = 0; i < 16; i++) buy(openOffer(owner, data, terms(FULL, 0, 0)), payer);
        uint256 id = openOffer(owner, data, terms(FULL, 0, 0));
        vm.prank(payer);
        vm.expectPartialRevert(Rights.TooManyRights.selector);
        licences.buy(orderOf(id, payer));
    }

    function test_OwnersAndTheirCustodiansDeliverKeysToHolders() public {
        uint256 id = openOffer(owner, data, terms(FULL, 0, 0));
        buy(id, payer);
        vm.expectRevert(abi.encodeWithSelector(Licences.NotCustodian.selector, data, stranger));
        deliver(stranger, id, payer, "envelope");
        vm.prank(owner);
        licences.setCustodian(data, stranger, true);
        deliver(stranger, id, payer, "envelope");
        vm.expectPartialRevert(Licences.EnvelopeSize.selector);
        deliver(owner, id, payer, "");
        vm.expectPartialRevert(Licences.EnvelopeSize.selector);
        deliver(owner, id, payer, new bytes(1025));
        vm.expectPartialRevert(Rights.NoRight.selector);
        deliver(owner, id, stranger, "envelope");
        vm.prank(payer);
        licences.setPublicKey(id, 0);
        vm.expectPartialRevert(Licences.NoPublicKey.selector);
        deliver(owner, id, payer, "envelope");
        vm.expectPartialRevert(Rights.NoRight.selector);
        licences.setPublicKey(id, PUBLIC_KEY);
        vm.prank(owner);
        registry.transferArtifact(data, receiver);
        require(!licences.isCustodian(data, stranger) && !licences.isCustodian(data, owner), "of the former owner");
        require(licences.isCustodian(data, receiver), "owner");
        assertEq(licences.custodiansOf(data).length, 0, "custodians");
        vm.expectPartialRevert(Offers.NotOwner.selector);
        licences.setCustodian(data, stranger, true);
    }

    function test_AKeyForAUseThatWasSpentStillComes() public {
        Terms memory made = terms(FULL, 0, 3);
        made.perUse = true;
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        vm.prank(payer);
        licences.spend(id, keccak256("download"));
        deliver(owner, id, payer, "envelope");
    }

    function test_AKeysVersionsCountAndCustodiansAreFew() public {
        vm.startPrank(owner);
        licences.rotateKey(data, keccak256("key"));
        licences.rotateKey(data, keccak256("key 2"));
        assertEq(licences.keyVersion(data), 2, "version");
        for (uint160 i = 1; i <= 16; i++) licences.setCustodian(data, address(i), true);
        vm.expectPartialRevert(Licences.TooManyCustodians.selector);
        licences.setCustodian(data, address(17), true);
        licences.setCustodian(data, address(16), false);
        licences.setCustodian(data, address(17), true);
        vm.stopPrank();
        vm.expectPartialRevert(Offers.NotOwner.selector);
        licences.rotateKey(data, 0);
    }

    function deliver(address sender, uint256 id, address holder, bytes memory envelope) private {
        vm.prank(sender);
        licences.deliverKey(id, holder, envelope);
    }
}
