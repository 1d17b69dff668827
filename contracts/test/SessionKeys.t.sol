// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelConfig, VoucherClaim} from "../solidity/x402/ChannelTypes.sol";
import {SessionKeys} from "../solidity/x402/SessionKeys.sol";
import {X402Settlement} from "../solidity/x402/X402Settlement.sol";
import {Base} from "./Base.sol";
import {GreedyCollector} from "./Hostile.sol";
import {Wallet} from "./Wallet.sol";

contract SessionKeysTest is Base {
    uint128 private constant DEPOSIT = 1_000_000;
    uint40 private constant EXPIRY = uint40(START + 7 days);

    ChannelConfig private config;
    bytes32 private id;

    function setUp() public {
        deployAll();
        config = channel();
        id = settlement.getChannelId(config);
    }

    function test_AChannelWithoutASessionIsAStockChannel() public {
        (bool exists,,,) = sessionKeys.sessions(id);
        require(!exists, "no session yet");
        fund(config, DEPOSIT, 1);
        vm.warp(START + 300 days);
        claim(DEPOSIT);
        assertEq(claimed(), DEPOSIT, "claimed");
    }

    function test_ASessionBeforeTheDepositBindsAtOnce() public {
        authorize(300, EXPIRY);
        fund(config, DEPOSIT, 1);
        expectCapExceeded(301, 300);
        claim(301);
        claim(300);
        assertEq(claimed(), 300, "claimed");
    }

    function test_AFirstSessionOnAFundedChannelBindsClaimsAfterTheDelay() public {
        fund(config, DEPOSIT, 1);
        authorize(300, EXPIRY);
        vm.warp(START + DELAY - 1);
        claim(400);
        vm.warp(START + DELAY);
        expectCapExceeded(500, 300);
        claim(500);
    }

    function test_AGiftBeforeTheFirstSessionDoesNotLoosenIt() public {
        GreedyCollector gift = new GreedyCollector(1);
        credit.mint(address(gift), 1);
        settlement.deposit(config, 1, address(gift), "");
        authorize(300, EXPIRY);
        fund(config, DEPOSIT, 1);
        expectCapExceeded(301, 300);
        claim(301);
    }

    function test_ALowerCapBindsClaimsAfterTheDelayAndAHigherOneAtOnce() public {
        authorize(300, EXPIRY);
        fund(config, DEPOSIT, 1);
        authorize(100, EXPIRY);
        claim(300);
        authorize(500, EXPIRY);
        claim(500);
        authorize(100, EXPIRY);
        vm.warp(START + DELAY);
        expectCapExceeded(501, 100);
        claim(501);
    }

    function test_TighteningInStepsNeverShortensTheDelayOfAnEarlierCap() public {
        authorize(300, EXPIRY);
        fund(config, DEPOSIT, 1);
        authorize(200, EXPIRY);
        vm.warp(START + DELAY - 1);
        authorize(100, EXPIRY);
        claim(300);
        (uint128 cap,) = sessionKeys.claimLimits(id);
        require(cap >= 200, "a provider that served under the second cap has a delay left");
        vm.warp(START + 2 * DELAY - 1);
        (cap,) = sessionKeys.claimLimits(id);
        assertEq(cap, 100, "in the end");
    }

    function test_ClaimsEndAWithdrawDelayAfterTheExpiry() public {
        authorize(DEPOSIT, EXPIRY);
        fund(config, DEPOSIT, 1);
        vm.warp(uint256(EXPIRY) + DELAY);
        claim(1);
        vm.warp(uint256(EXPIRY) + DELAY + 1);
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.SessionExpired.selector, id, EXPIRY + DELAY));
        claim(2);
        authorize(DEPOSIT, uint40(block.timestamp));
        claim(2);
    }

    function test_RevokingLeavesTheProviderOneDelay() public {
        authorize(DEPOSIT, EXPIRY);
        fund(config, DEPOSIT, 1);
        vm.prank(payer);
        sessionKeys.revoke(config);
        (,, uint40 expiresAt,) = sessionKeys.sessions(id);
        assertEq(expiresAt, START, "expired for new calls");
        vm.warp(START + DELAY);
        claim(100);
        vm.warp(START + DELAY + 1);
        vm.expectPartialRevert(X402Settlement.SessionExpired.selector);
        claim(200);
    }

    function test_OnlyThePayerSetsLimits() public {
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.NotPayer.selector, stranger, payer));
        vm.prank(stranger);
        sessionKeys.authorize(config, 1, EXPIRY, 0);
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.NotPayer.selector, stranger, payer));
        vm.prank(stranger);
        sessionKeys.revoke(config);
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.NoSession.selector, id));
        vm.prank(payer);
        sessionKeys.revoke(config);
    }

    function test_SenselessLimitsAreRefused() public {
        vm.expectPartialRevert(SessionKeys.ExpiryInPast.selector);
        authorize(1, uint40(START - 1));
        config.payerAuthorizer = address(0);
        vm.expectRevert(SessionKeys.NoSessionKey.selector);
        authorize(1, EXPIRY);
    }

    function test_AnyoneSendsWhatThePayerSignedOnce() public {
        uint256 deadline = START + 1 hours;
        bytes32 scope = keccak256("service");
        bytes memory signature = sign(PAYER_KEY, sessionKeys.getAuthorizeDigest(id, 300, EXPIRY, scope, 0, deadline));
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, scope, deadline, signature);
        (bool exists, uint128 cap, uint40 expiresAt, bytes32 stored) = sessionKeys.sessions(id);
        require(exists && cap == 300 && expiresAt == EXPIRY && stored == scope, "stored");
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.InvalidPayerSignature.selector, payer));
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, scope, deadline, signature);
        vm.warp(deadline + 1);
        vm.expectPartialRevert(SessionKeys.SignatureExpired.selector);
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, scope, deadline, signature);
    }

    function test_AContractWalletSignsALimitByErc1271() public {
        Wallet wallet = new Wallet(payer);
        config.payer = address(wallet);
        id = settlement.getChannelId(config);
        bytes32 digest = sessionKeys.getAuthorizeDigest(id, 300, EXPIRY, 0, 0, START);
        bytes memory forged = sign(STRANGER_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.InvalidPayerSignature.selector, address(wallet)));
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, 0, START, forged);
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, 0, START, sign(PAYER_KEY, digest));
        (, uint128 cap,,) = sessionKeys.sessions(id);
        assertEq(cap, 300, "cap");
    }

    function test_RevokingVoidsASignatureThatWasNotSentYet() public {
        authorize(100, EXPIRY);
        bytes memory signature = sign(PAYER_KEY, sessionKeys.getAuthorizeDigest(id, 300, EXPIRY, 0, 0, START));
        vm.prank(payer);
        sessionKeys.revoke(config);
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.InvalidPayerSignature.selector, payer));
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, 0, START, signature);
    }

    function test_ANewerLimitVoidsAnOlderSignatureThatWasNotSentYet() public {
        bytes memory signature = sign(PAYER_KEY, sessionKeys.getAuthorizeDigest(id, 300, EXPIRY, 0, 0, START));
        authorize(100, EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(SessionKeys.InvalidPayerSignature.selector, payer));
        sessionKeys.authorizeWithSignature(config, 300, EXPIRY, 0, START, signature);
    }

    function test_OnAChainWithoutSessionKeysEveryChannelIsAStockChannel() public {
        authorize(300, EXPIRY);
        fund(config, DEPOSIT, 1);
        vm.etch(address(sessionKeys), "");
        claim(DEPOSIT);
        assertEq(claimed(), DEPOSIT, "claimed");
    }

    /// @dev Whatever the payer does at one moment, what was served before it can be claimed for a delay.
    function testFuzz_AChangeStrandsNobodyWithinTheDelay(uint128 first, uint128 second, uint40 expiry, uint256 wait)
        public
    {
        first = uint128(bound(first, 1, DEPOSIT));
        expiry = uint40(bound(expiry, START, START + 365 days));
        wait = bound(wait, 0, DELAY - 1);
        authorize(first, EXPIRY);
        fund(config, DEPOSIT, 1);
        authorize(second, expiry);
        vm.warp(START + wait);
        claim(first);
        assertEq(claimed(), first, "claimed");
    }

    function authorize(uint128 cap, uint40 expiresAt) private {
        vm.prank(payer);
        sessionKeys.authorize(config, cap, expiresAt, 0);
    }

    function claim(uint128 total) private {
        bytes memory data = abi.encodeCall(settlement.claim, (rows(rawRow(total))));
        vm.prank(receiver);
        (bool success, bytes memory reason) = address(settlement).call(data);
        if (!success) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    /// @dev As `row`, without a call to the settlement, which an expected revert would be looked for in.
    function rawRow(uint128 total) private view returns (VoucherClaim memory list) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("x402 Batch Settlement"),
                keccak256("1"),
                block.chainid,
                address(settlement)
            )
        );
        bytes32 content = keccak256(
            abi.encode(keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)"), id, total)
        );
        list.voucher.channel = config;
        list.voucher.maxClaimableAmount = total;
        list.signature = sign(SESSION_KEY, typed(domain, content));
        list.totalClaimed = total;
    }

    function claimed() private view returns (uint256 total) {
        (, total) = settlement.channels(id);
    }

    function expectCapExceeded(uint128 total, uint128 cap) private {
        vm.expectRevert(abi.encodeWithSelector(X402Settlement.SessionCapExceeded.selector, id, total, cap));
    }
}
