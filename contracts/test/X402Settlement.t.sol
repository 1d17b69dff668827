// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";
import {Eip3009DepositCollector} from "../solidity/x402/Eip3009DepositCollector.sol";
import {ChannelConfig, VoucherClaim} from "../solidity/x402/ChannelTypes.sol";
import {X402Settlement} from "../solidity/x402/X402Settlement.sol";
import {Base} from "./Base.sol";
import {GreedyCollector, ReenteringCollector, TollToken} from "./Hostile.sol";
import {Wallet} from "./Wallet.sol";

contract X402SettlementTest is Base {
    uint128 private constant DEPOSIT = 1_000_000;

    ChannelConfig private config;
    bytes32 private id;

    function setUp() public {
        deployAll();
        config = channel();
        id = settlement.getChannelId(config);
    }

    function test_ADepositCreditsTheChannelAndMovesTheTokens() public {
        fund(config, DEPOSIT, 1);
        (uint128 balance, uint128 claimed) = settlement.channels(id);
        assertEq(balance, DEPOSIT, "balance");
        assertEq(claimed, 0, "claimed");
        assertEq(credit.balanceOf(address(settlement)), DEPOSIT, "escrow");
        assertEq(credit.balanceOf(payer), 0, "payer");
    }

    function test_ADepositsSignatureFundsOnlyItsChannelAndOnlyOnce() public {
        credit.mint(payer, 2 * DEPOSIT);
        bytes memory data = depositData(config, DEPOSIT, 7);
        ChannelConfig memory other = config;
        other.salt = bytes32(uint256(2));
        vm.expectPartialRevert(bytes4(keccak256("InvalidAuthorizationSignature(address)")));
        settlement.deposit(other, DEPOSIT, Predeploys.EIP3009_COLLECTOR, data);
        settlement.deposit(config, DEPOSIT, Predeploys.EIP3009_COLLECTOR, data);
        vm.expectPartialRevert(bytes4(keccak256("AuthorizationAlreadyUsed(address,bytes32)")));
        settlement.deposit(config, DEPOSIT, Predeploys.EIP3009_COLLECTOR, data);
    }

    function test_TheCollectorServesNobodyButTheSettlement() public {
        credit.mint(payer, DEPOSIT);
        bytes memory data = depositData(config, DEPOSIT, 1);
        vm.expectRevert(
            abi.encodeWithSelector(Eip3009DepositCollector.CallerNotSettlement.selector, address(this))
        );
        Eip3009DepositCollector(Predeploys.EIP3009_COLLECTOR).collect(payer, address(credit), DEPOSIT, id, data);
    }

    function test_AChannelNeedsItsPartiesAndASaneDelay() public {
        ChannelConfig memory bad = config;
        bad.receiverAuthorizer = address(0);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.InvalidChannel.selector, "receiverAuthorizer"));
        settlement.deposit(bad, 1, Predeploys.EIP3009_COLLECTOR, "");
        bad = config;
        bad.withdrawDelay = 15 minutes - 1;
        vm.expectPartialRevert(X402Settlement.WithdrawDelayOutOfRange.selector);
        settlement.deposit(bad, 1, Predeploys.EIP3009_COLLECTOR, "");
        bad.withdrawDelay = 30 days + 1;
        vm.expectPartialRevert(X402Settlement.WithdrawDelayOutOfRange.selector);
        settlement.deposit(bad, 1, Predeploys.EIP3009_COLLECTOR, "");
        vm.expectRevert(X402Settlement.ZeroAmount.selector);
        settlement.deposit(config, 0, Predeploys.EIP3009_COLLECTOR, "");
    }

    function test_TokensThatTakeATollAreRefused() public {
        TollToken toll = new TollToken();
        ChannelConfig memory other = config;
        other.token = address(toll);
        toll.mint(address(this), DEPOSIT);
        GreedyCollector collector = new GreedyCollector(DEPOSIT);
        toll.mint(address(collector), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.DepositMismatch.selector, DEPOSIT, DEPOSIT - DEPOSIT / 100));
        settlement.deposit(other, DEPOSIT, address(collector), "");
    }

    function test_ACollectorThatBringsTooLittleIsRefused() public {
        GreedyCollector collector = new GreedyCollector(DEPOSIT - 1);
        credit.mint(address(collector), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.DepositMismatch.selector, DEPOSIT, DEPOSIT - 1));
        settlement.deposit(config, DEPOSIT, address(collector), "");
    }

    function test_ACollectorCannotReenter() public {
        fund(config, DEPOSIT, 1);
        claimAs(receiver, 10, 10);
        ReenteringCollector collector = new ReenteringCollector(receiver);
        credit.mint(address(collector), DEPOSIT);
        vm.expectRevert(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        settlement.deposit(config, DEPOSIT, address(collector), "");
    }

    function test_AReceiverClaimsWhatWasSignedAndIsPaidOnce() public {
        fund(config, DEPOSIT, 1);
        claimAs(receiver, 500, 300);
        settlement.settle(receiver, address(credit));
        settlement.settle(receiver, address(credit));
        assertEq(credit.balanceOf(receiver), 300, "paid");
        claimAs(receiver, 500, 500);
        settlement.settle(receiver, address(credit));
        assertEq(credit.balanceOf(receiver), 500, "paid after the rest");
    }

    function test_AClaimThatIsRepeatedOrOlderChangesNothing() public {
        fund(config, DEPOSIT, 1);
        claimAs(receiver, 500, 500);
        claimAs(receiver, 500, 500);
        claimAs(receiver, 400, 400);
        (uint128 claimed,) = settlement.receivers(receiver, address(credit));
        assertEq(claimed, 500, "claimed");
    }

    function test_OnlyTheReceiversSideClaims() public {
        fund(config, DEPOSIT, 1);
        VoucherClaim[] memory list = rows(row(config, SESSION_KEY, 500, 500));
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.NotReceiver.selector, id, stranger));
        vm.prank(stranger);
        settlement.claim(list);
        bytes memory forged = sign(STRANGER_KEY, settlement.getClaimBatchDigest(list));
        vm.expectRevert(
            abi.encodeWithSelector(X402Settlement.InvalidReceiverAuthorizerSignature.selector, receiver)
        );
        settlement.claimWithSignature(list, forged);
    }

    function test_AnyoneSendsAClaimThatTheAuthorizerSigned() public {
        fund(config, DEPOSIT, 1);
        VoucherClaim[] memory list = rows(row(config, SESSION_KEY, 500, 450));
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(list));
        vm.prank(stranger);
        settlement.claimWithSignature(list, signature);
        (, uint128 claimed) = settlement.channels(id);
        assertEq(claimed, 450, "claimed");
        list[0].totalClaimed = 500;
        vm.expectPartialRevert(X402Settlement.InvalidReceiverAuthorizerSignature.selector);
        settlement.claimWithSignature(list, signature);
    }

    function test_ABatchIsOfOneReceiverAuthorizer() public {
        fund(config, DEPOSIT, 1);
        ChannelConfig memory other = config;
        other.receiverAuthorizer = stranger;
        VoucherClaim[] memory list = new VoucherClaim[](2);
        list[0] = row(config, SESSION_KEY, 1, 1);
        list[1] = row(other, SESSION_KEY, 1, 1);
        bytes memory signature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(list));
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.MixedReceiverAuthorizers.selector, receiver, stranger));
        settlement.claimWithSignature(list, signature);
        vm.expectRevert(X402Settlement.NoClaims.selector);
        settlement.claimWithSignature(new VoucherClaim[](0), "");
    }

    function test_AVoucherThatThePayersKeyDidNotSignIsRefused() public {
        fund(config, DEPOSIT, 1);
        VoucherClaim[] memory list = rows(row(config, PAYER_KEY, 500, 500));
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.InvalidVoucherSignature.selector, id));
        vm.prank(receiver);
        settlement.claim(list);
        list = rows(row(config, SESSION_KEY, 500, 500));
        list[0].voucher.maxClaimableAmount = 501;
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.InvalidVoucherSignature.selector, id));
        vm.prank(receiver);
        settlement.claim(list);
    }

    function test_WithoutAKeyThePayerSignsItsVouchersItself() public {
        config.payerAuthorizer = address(0);
        fund(config, DEPOSIT, 1);
        VoucherClaim[] memory list = rows(row(config, PAYER_KEY, 500, 500));
        vm.prank(receiver);
        settlement.claim(list);
        list = rows(row(config, SESSION_KEY, 600, 600));
        vm.expectPartialRevert(X402Settlement.InvalidVoucherSignature.selector);
        vm.prank(receiver);
        settlement.claim(list);
    }

    function test_AContractWalletPaysByErc1271() public {
        Wallet wallet = new Wallet(payer);
        config.payer = address(wallet);
        config.payerAuthorizer = address(0);
        credit.mint(address(wallet), DEPOSIT);
        settlement.deposit(config, DEPOSIT, Predeploys.EIP3009_COLLECTOR, depositData(config, DEPOSIT, 1));
        VoucherClaim[] memory list = rows(row(config, PAYER_KEY, 500, 500));
        vm.prank(receiver);
        settlement.claim(list);
        vm.prank(payer);
        wallet.execute(address(settlement), abi.encodeCall(settlement.initiateWithdraw, (config, DEPOSIT - 500)));
        vm.warp(START + DELAY);
        vm.prank(payer);
        wallet.execute(address(settlement), abi.encodeCall(settlement.finalizeWithdraw, (config)));
        assertEq(credit.balanceOf(address(wallet)), DEPOSIT - 500, "withdrawn");
    }

    function testFuzz_NoVoucherClaimsMoreThanWasSignedOrDeposited(uint128 funded, uint128 signed, uint128 total)
        public
    {
        funded = uint128(bound(funded, 1, type(uint64).max));
        total = uint128(bound(total, 1, type(uint128).max));
        fund(config, funded, 1);
        VoucherClaim[] memory list = rows(row(config, SESSION_KEY, signed, total));
        bool allowed = total <= signed && total <= funded;
        if (!allowed) vm.expectRevert();
        vm.prank(receiver);
        settlement.claim(list);
        settlement.settle(receiver, address(credit));
        assertEq(credit.balanceOf(receiver), allowed ? total : 0, "paid");
    }

    function testFuzz_ARefundLeavesWhatIsClaimed(uint64 funded, uint64 claimed, uint128 asked) public {
        funded = uint64(bound(funded, 1, type(uint64).max));
        claimed = uint64(bound(claimed, 0, funded));
        asked = uint128(bound(asked, 1, type(uint128).max));
        fund(config, funded, 1);
        if (claimed != 0) claimAs(receiver, claimed, claimed);
        uint128 expected = asked < funded - claimed ? asked : funded - claimed;
        if (expected == 0) vm.expectRevert(abi.encodeWithSelector(X402Settlement.NothingToRefund.selector, id));
        vm.prank(receiver);
        settlement.refund(config, asked);
        settlement.settle(receiver, address(credit));
        assertEq(credit.balanceOf(payer), expected, "refunded");
        assertEq(credit.balanceOf(receiver), claimed, "paid");
    }

    function test_OnlyTheReceiversSideRefunds() public {
        fund(config, DEPOSIT, 1);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.NotReceiver.selector, id, payer));
        vm.prank(payer);
        settlement.refund(config, 1);
    }

    function test_ASignedRefundWorksOnceAndInOrder() public {
        fund(config, DEPOSIT, 1);
        bytes memory signature = sign(RECEIVER_KEY, settlement.getRefundDigest(id, 0, 400));
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.WrongRefundNonce.selector, id, 1, 0));
        settlement.refundWithSignature(config, 400, 1, signature);
        settlement.refundWithSignature(config, 400, 0, signature);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.WrongRefundNonce.selector, id, 0, 1));
        settlement.refundWithSignature(config, 400, 0, signature);
        assertEq(credit.balanceOf(payer), 400, "refunded");
        assertEq(settlement.refundNonce(id), 1, "nonce");
    }

    function test_OneMulticallClaimsAndRefundsTheRest() public {
        fund(config, DEPOSIT, 1);
        VoucherClaim[] memory list = rows(row(config, SESSION_KEY, 600, 500));
        bytes memory claimSignature = sign(RECEIVER_KEY, settlement.getClaimBatchDigest(list));
        bytes memory refundSignature = sign(RECEIVER_KEY, settlement.getRefundDigest(id, 0, DEPOSIT));
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(settlement.claimWithSignature, (list, claimSignature));
        calls[1] = abi.encodeCall(settlement.refundWithSignature, (config, DEPOSIT, 0, refundSignature));
        calls[2] = abi.encodeCall(settlement.settle, (receiver, address(credit)));
        settlement.multicall(calls);
        assertEq(credit.balanceOf(receiver), 500, "paid");
        assertEq(credit.balanceOf(payer), DEPOSIT - 500, "refunded");
        assertEq(credit.balanceOf(address(settlement)), 0, "escrow");
    }

    function test_AWithdrawalWaitsAndLeavesWhatIsClaimedMeanwhile() public {
        fund(config, DEPOSIT, 1);
        vm.prank(payer);
        settlement.initiateWithdraw(config, DEPOSIT);
        vm.warp(START + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.WithdrawNotMatured.selector, id, START + DELAY));
        vm.prank(payer);
        settlement.finalizeWithdraw(config);
        claimAs(receiver, 400, 400);
        vm.warp(START + DELAY);
        vm.prank(payer);
        settlement.finalizeWithdraw(config);
        settlement.settle(receiver, address(credit));
        assertEq(credit.balanceOf(payer), DEPOSIT - 400, "withdrawn");
        assertEq(credit.balanceOf(receiver), 400, "paid");
    }

    function test_OnlyThePayerWithdraws() public {
        fund(config, DEPOSIT, 1);
        address key = vm.addr(SESSION_KEY);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.NotPayer.selector, id, key));
        vm.prank(key);
        settlement.initiateWithdraw(config, 1);
        vm.expectPartialRevert(X402Settlement.WithdrawExceedsBalance.selector);
        vm.prank(payer);
        settlement.initiateWithdraw(config, DEPOSIT + 1);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.NoPendingWithdrawal.selector, id));
        vm.prank(payer);
        settlement.finalizeWithdraw(config);
    }

    function test_ASecondRequestStartsTheDelayAnew() public {
        fund(config, DEPOSIT, 1);
        vm.prank(payer);
        settlement.initiateWithdraw(config, DEPOSIT);
        vm.warp(START + DELAY - 1);
        vm.prank(payer);
        settlement.initiateWithdraw(config, 10);
        vm.warp(START + DELAY);
        vm.expectPartialRevert(X402Settlement.WithdrawNotMatured.selector);
        vm.prank(payer);
        settlement.finalizeWithdraw(config);
    }

    function test_ARefundOfEverythingCancelsTheWithdrawal() public {
        fund(config, DEPOSIT, 1);
        vm.prank(payer);
        settlement.initiateWithdraw(config, DEPOSIT);
        vm.prank(receiver);
        settlement.refund(config, DEPOSIT);
        (, uint40 initiatedAt) = settlement.pendingWithdrawals(id);
        assertEq(initiatedAt, 0, "pending");
    }

    function test_OnAnotherChainTheSameChannelHasAnotherId() public {
        vm.chainId(31403);
        require(settlement.getChannelId(config) != id, "the id must bind the chain");
    }

    function claimAs(address sender, uint128 signed, uint128 total) private {
        VoucherClaim[] memory list = rows(row(config, SESSION_KEY, signed, total));
        vm.prank(sender);
        settlement.claim(list);
    }
}
