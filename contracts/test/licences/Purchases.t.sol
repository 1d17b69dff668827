// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Eip3009} from "../../solidity/credit/Eip3009.sol";
import {Authorization, Order, Terms} from "../../solidity/licences/LicenceTypes.sol";
import {Offers} from "../../solidity/licences/Offers.sol";
import {Purchases} from "../../solidity/licences/Purchases.sol";
import {Purposes} from "../../solidity/licences/Purposes.sol";
import {Rights} from "../../solidity/licences/Rights.sol";
import {Predeploys} from "../../solidity/Predeploys.sol";
import {ChannelConfig, VoucherClaim} from "../../solidity/x402/ChannelTypes.sol";
import {X402Settlement} from "../../solidity/x402/X402Settlement.sol";
import {TollToken} from "../Hostile.sol";
import {LicenceBase} from "./LicenceBase.sol";
import {ReenteringToken} from "./Hostile.sol";

contract PurchasesTest is LicenceBase {
    bytes32 private data;
    uint256 private id;

    function setUp() public {
        deployMarket();
        data = publish(owner, "data");
        id = openOffer(owner, data, terms(FULL, 0, 1000));
    }

    function test_NoRightWithoutItsPrice() public {
        vm.startPrank(payer);
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)")));
        licences.buy(orderOf(id, payer));
        credit.approve(address(licences), 1000);
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        licences.buy(orderOf(id, payer));
        vm.expectPartialRevert(Rights.NotHolder.selector);
        licences.buy(orderOf(id, stranger));
        vm.stopPrank();
        require(!licences.hasRight(payer, data, FULL), "right");
        buy(id, payer);
        require(licences.hasRight(payer, data, Purposes.TRAIN), "no right");
        assertEq(owedTo(sales(data), data), 1000, "owner");
    }

    function test_AnAuthorizationBuysItsOrderOnceAndNoOther() public {
        credit.mint(payer, 5000);
        Order memory order = orderOf(id, payer);
        Authorization memory signed = authorize(order, PAYER_KEY, 1000);
        uint256 other = openOffer(owner, data, terms(FULL, 9000, 1000));
        bytes memory refusal = abi.encodeWithSelector(Eip3009.InvalidAuthorizationSignature.selector, payer);
        vm.expectRevert(refusal);
        licences.buyWithAuthorization(Order(other, payer, 1, PUBLIC_KEY), signed);
        vm.expectRevert(refusal);
        licences.buyWithAuthorization(Order(id, payer, 1, keccak256("a thief's key")), signed);
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        licences.buyWithAuthorization(Order(id, stranger, 1, PUBLIC_KEY), signed);
        licences.buyWithAuthorization(order, signed);
        vm.expectPartialRevert(Eip3009.AuthorizationAlreadyUsed.selector);
        licences.buyWithAuthorization(order, signed);
        assertEq(credit.balanceOf(payer), 4000, "payer");
    }

    function test_OnlyWhatIsOfferedToTheBuyerIsSold() public {
        vm.expectRevert(abi.encodeWithSelector(Offers.UnknownOffer.selector, 7));
        licences.buy(orderOf(7, address(this)));
        vm.prank(owner);
        licences.closeOffer(id);
        vm.expectRevert(abi.encodeWithSelector(Offers.OfferIsClosed.selector, id));
        licences.buy(orderOf(id, address(this)));
        Terms memory made = terms(FULL, 0, 0);
        made.listed = true;
        id = openOffer(owner, data, made);
        vm.expectRevert(abi.encodeWithSelector(Offers.NotListed.selector, id, address(this)));
        licences.buy(orderOf(id, address(this)));
        vm.prank(owner);
        licences.listBuyer(id, address(this), true);
        licences.buy(orderOf(id, address(this)));
    }

    function test_OnlyTheOwnerOffersAndOnlySaneTerms() public {
        vm.expectRevert(abi.encodeWithSelector(Offers.NotOwner.selector, data, stranger));
        openOffer(stranger, data, terms(FULL, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(Offers.NotOwner.selector, data, address(this)));
        licences.closeOffer(id);
        vm.expectRevert(abi.encodeWithSelector(Offers.NotOwner.selector, data, address(this)));
        licences.listBuyer(id, stranger, true);
        expectInvalid(terms(0, 0, 0), "purposes");
        expectInvalid(terms(16, 0, 0), "purposes");
        expectInvalid(terms(FULL, 10_001, 0), "royalty");
        Terms memory made = terms(FULL, 0, 0);
        made.revocable = true;
        expectInvalid(made, "revocable");
        made = terms(FULL, 0, 0);
        made.token = address(0);
        expectInvalid(made, "token");
        made.token = address(credit);
        made.keyWithin = 31 days;
        expectInvalid(made, "keyWithin");
        made.keyWithin = 0;
        made.duration = 101 * 365 days;
        expectInvalid(made, "duration");
    }

    function test_ARightWithAnEndIsRenewedOneWithoutIsNot() public {
        buy(id, payer);
        credit.mint(payer, 1000);
        vm.startPrank(payer);
        credit.approve(address(licences), 1000);
        vm.expectRevert(abi.encodeWithSelector(Rights.AlreadyHeld.selector, id, payer));
        licences.buy(orderOf(id, payer));
        vm.expectRevert(abi.encodeWithSelector(Purchases.InvalidQuantity.selector, 2));
        licences.buy(Order(id, payer, 2, 0));
        vm.stopPrank();
        Terms memory made = terms(FULL, 0, 10);
        made.duration = 100;
        id = openOffer(owner, data, made);
        buy(id, stranger);
        vm.warp(START + 60);
        buy(id, stranger);
        assertEq(licences.holding(id, stranger).expiresAt, START + 200, "added");
        vm.warp(START + 500);
        buy(id, stranger);
        assertEq(licences.holding(id, stranger).expiresAt, START + 600, "anew");
        assertEq(licences.balanceOf(stranger, id), 1, "one right");
    }

    function test_ALicencesPriceIsSharedByTheLineage() public {
        buy(openOffer(owner, data, terms(FULL, 2500, 0)), payer);
        bytes32 model = derive(payer, "model", list(data));
        buy(openOffer(payer, model, terms(FULL, 0, 4000)), stranger);
        assertEq(owedTo(sales(model), data), 1000, "data");
        assertEq(owedTo(sales(model), model), 3000, "model");
    }

    function test_ThePriceWaitsForTheKeyAndTimeStartsWithIt() public {
        Terms memory made = heldTerms();
        id = openOffer(owner, data, made);
        buy(id, payer);
        require(!licences.hasRight(payer, data, FULL), "not before the key");
        assertEq(credit.balanceOf(address(licences)), 1000, "held");
        vm.warp(START + 1 hours);
        vm.prank(owner);
        licences.deliverKey(id, payer, "envelope");
        require(licences.hasRight(payer, data, FULL), "no right");
        assertEq(licences.holding(id, payer).expiresAt, START + 1 hours + 10 minutes, "whole time");
        assertEq(owedTo(sales(data), data), 1000, "paid");
        buy(id, payer);
        assertEq(credit.balanceOf(address(licences)), 0, "a renewal waits for nothing");
    }

    function test_WithoutAKeyTheMoneyComesBack() public {
        id = openOffer(owner, data, heldTerms());
        buy(id, payer);
        vm.expectPartialRevert(Purchases.KeyNotDue.selector);
        licences.reclaim(id, payer);
        vm.expectPartialRevert(Rights.KeyPending.selector);
        licences.discard(id, payer);
        credit.mint(payer, 1000);
        vm.startPrank(payer);
        credit.approve(address(licences), 1000);
        vm.expectPartialRevert(Rights.KeyPending.selector);
        licences.buy(orderOf(id, payer));
        vm.stopPrank();
        vm.warp(START + 2 hours + 1);
        licences.reclaim(id, payer);
        assertEq(credit.balanceOf(payer), 2000, "back");
        assertEq(licences.balanceOf(payer, id), 0, "right");
        vm.expectPartialRevert(Purchases.NothingHeld.selector);
        licences.reclaim(id, payer);
        vm.expectPartialRevert(Rights.NoRight.selector);
        vm.prank(owner);
        licences.deliverKey(id, payer, "envelope");
    }

    /// @dev Whenever it is taken back, the holder has the unused part of what it paid, rounded down.
    function testFuzz_ARevokedRightIsPaidForWhatWasNotUsed(uint96 price, uint40 duration, uint40 passed) public {
        price = uint96(bound(price, 0, 1e18));
        duration = uint40(bound(duration, 1, 365 days));
        passed = uint40(bound(passed, 0, duration + 10));
        Terms memory made = terms(FULL, 0, price);
        (made.revocable, made.duration) = (true, duration);
        id = openOffer(owner, data, made);
        buy(id, payer);
        vm.warp(START + passed);
        credit.mint(owner, price);
        vm.startPrank(owner);
        credit.approve(address(licences), price);
        licences.revoke(id, payer);
        vm.stopPrank();
        uint256 left = passed >= duration ? 0 : uint256(price) * (duration - passed) / duration;
        assertEq(credit.balanceOf(payer), left, "refund");
        require(!licences.hasRight(payer, data, FULL), "right");
    }

    function test_OnlyTheOwnerRevokesAndOnlyWhereTheTermsSaySo() public {
        buy(id, payer);
        vm.expectRevert(abi.encodeWithSelector(Purchases.NotRevocable.selector, id));
        vm.prank(owner);
        licences.revoke(id, payer);
        vm.expectPartialRevert(Offers.NotOwner.selector);
        licences.revoke(id, payer);
        Terms memory made = heldTerms();
        made.revocable = true;
        id = openOffer(owner, data, made);
        buy(id, stranger);
        vm.prank(owner);
        licences.revoke(id, stranger);
        assertEq(credit.balanceOf(stranger), 1000, "what was held goes back whole");
        Terms memory uses = terms(FULL, 0, 10);
        (uses.perUse, uses.revocable) = (true, true);
        id = openOffer(owner, data, uses);
        buy(id, payer);
        buy(id, payer);
        credit.mint(owner, 20);
        vm.startPrank(owner);
        credit.approve(address(licences), 20);
        licences.revoke(id, payer);
        vm.stopPrank();
        assertEq(credit.balanceOf(payer), 20, "uses that are left");
    }

    function test_AnOrderPaidFromAChannelIsGoodOnce() public {
        ChannelConfig memory config = fundedChannel(3000);
        Order memory order = orderOf(makeTimed(), payer);
        (bytes memory voucher, bytes memory signed) = signOrder(config, order, 1000, SESSION_KEY);
        licences.buyFromChannel(order, config, 1000, voucher, signed);
        vm.expectRevert(abi.encodeWithSelector(Purchases.WrongCumulative.selector, 1000, 2000));
        licences.buyFromChannel(order, config, 1000, voucher, signed);
        assertEq(owedTo(sales(data), data), 1000, "paid");
        assertEq(credit.balanceOf(address(licences)), 0, "nothing stays");
        vm.expectPartialRevert(Purchases.NotPayer.selector);
        licences.refundChannel(config);
        vm.prank(payer);
        licences.refundChannel(config);
        assertEq(credit.balanceOf(payer), 2000, "the rest");
    }

    function test_AChannelsVoucherBuysNothingWithoutItsOrder() public {
        ChannelConfig memory config = fundedChannel(3000);
        Order memory order = orderOf(id, payer);
        (bytes memory voucher, bytes memory signed) = signOrder(config, order, 1000, SESSION_KEY);
        bytes memory refusal =
            abi.encodeWithSelector(Purchases.InvalidOrderSignature.selector, config.payerAuthorizer);
        vm.expectRevert(refusal);
        licences.buyFromChannel(Order(id, payer, 1, keccak256("a thief's key")), config, 1000, voucher, signed);
        (, bytes memory forged) = signOrder(config, order, 1000, STRANGER_KEY);
        vm.expectRevert(refusal);
        licences.buyFromChannel(order, config, 1000, voucher, forged);
        vm.expectPartialRevert(Rights.NotHolder.selector);
        licences.buyFromChannel(orderOf(id, stranger), config, 1000, voucher, signed);
        bytes32 channelId = settlement.getChannelId(config);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.InvalidVoucherSignature.selector, channelId));
        licences.buyFromChannel(order, config, 1000, forged, signed);
        config.receiverAuthorizer = stranger;
        vm.expectPartialRevert(Purchases.NotOurChannel.selector);
        licences.buyFromChannel(order, config, 1000, voucher, signed);
    }

    /// @dev The money leaves first, so the right is never given; and a session buys within its limits only.
    function test_AnEmptyChannelAndAForeignSessionBuyNothing() public {
        ChannelConfig memory config = fundedChannel(3000);
        Order memory order = orderOf(id, payer);
        (bytes memory voucher, bytes memory signed) = signOrder(config, order, 1000, SESSION_KEY);
        vm.prank(payer);
        sessionKeys.authorize(config, 3000, uint40(START + 1 hours), keccak256("a service"));
        vm.expectPartialRevert(Purchases.OutOfScope.selector);
        licences.buyFromChannel(order, config, 1000, voucher, signed);
        vm.prank(payer);
        sessionKeys.authorize(config, 3000, uint40(START + 1 hours), data);
        vm.warp(START + 1 hours);
        vm.expectPartialRevert(Purchases.OutOfScope.selector);
        licences.buyFromChannel(order, config, 1000, voucher, signed);
        vm.prank(payer);
        sessionKeys.authorize(config, 3000, uint40(START + 2 hours), data);
        vm.prank(payer);
        licences.refundChannel(config);
        vm.expectPartialRevert(X402Settlement.ClaimExceedsBalance.selector);
        licences.buyFromChannel(order, config, 1000, voucher, signed);
        require(!licences.hasRight(payer, data, FULL), "right");
    }

    function test_NobodyElseClaimsAChannelOfTheLicences() public {
        ChannelConfig memory config = fundedChannel(3000);
        VoucherClaim[] memory claims = rows(row(config, SESSION_KEY, 3000, 3000));
        vm.expectPartialRevert(X402Settlement.NotReceiver.selector);
        settlement.claim(claims);
        vm.expectPartialRevert(X402Settlement.InvalidReceiverAuthorizerSignature.selector);
        settlement.claimWithSignature(claims, "");
    }

    function test_TokensThatTakeATollOrReenterBuyNothing() public {
        TollToken toll = new TollToken();
        Terms memory made = terms(FULL, 0, 1000);
        made.token = address(toll);
        id = openOffer(owner, data, made);
        toll.mint(address(this), 1000);
        toll.approve(address(licences), 1000);
        vm.expectRevert(abi.encodeWithSelector(Purchases.PaymentMismatch.selector, 1000, 990));
        licences.buy(orderOf(id, address(this)));
        ReenteringToken token = new ReenteringToken();
        made.token = address(token);
        id = openOffer(owner, data, made);
        token.approve(address(licences), 1000);
        token.aim(address(licences), abi.encodeCall(licences.buy, (orderOf(id, address(token)))));
        vm.expectRevert(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        licences.buy(orderOf(id, address(this)));
    }

    function heldTerms() private pure returns (Terms memory made) {
        made = terms(FULL, 0, 1000);
        (made.keyWithin, made.duration) = (2 hours, 10 minutes);
    }

    function makeTimed() private returns (uint256) {
        Terms memory made = terms(FULL, 0, 1000);
        made.duration = 1 days;
        return openOffer(owner, data, made);
    }

    function expectInvalid(Terms memory made, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(Offers.InvalidTerms.selector, field));
        openOffer(owner, data, made);
    }

    function fundedChannel(uint128 amount) private returns (ChannelConfig memory config) {
        config = channel();
        (config.receiver, config.receiverAuthorizer) = (Predeploys.LICENCES, Predeploys.LICENCES);
        fund(config, amount, 1);
    }

    function signOrder(ChannelConfig memory config, Order memory order, uint128 cumulative, uint256 key)
        private
        view
        returns (bytes memory voucher, bytes memory signed)
    {
        bytes32 channelId = settlement.getChannelId(config);
        voucher = sign(SESSION_KEY, settlement.getVoucherDigest(channelId, cumulative));
        signed = sign(key, licences.getChannelOrderDigest(channelId, cumulative, order));
    }

    function sales(bytes32 artifact) private pure returns (bytes32) {
        return splitter.getLineageSplitId(artifact, 0, address(0));
    }
}
