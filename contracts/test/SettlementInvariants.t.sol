// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";
import {ChannelConfig, VoucherClaim} from "../solidity/x402/ChannelTypes.sol";
import {Base} from "./Base.sol";

/// @dev A payer that does whatever it likes, and a provider that follows the rules: it serves within
/// the session's limits and the escrow, refunds only what it did not serve, and claims in time.
contract Market is Base {
    uint256 private constant CHANNELS = 3;

    ChannelConfig[] private _configs;
    bytes32[] public ids;

    uint256 public deposited;
    uint256 public returned;
    uint256 public settled;
    mapping(uint256 index => uint256) public served;
    mapping(uint256 index => uint256) public servedAt;
    mapping(uint256 index => uint256) public funded;
    mapping(uint256 index => uint256) public givenBack;
    uint256 private _salt;
    uint256 private _now = START;

    /// @dev A call's time is what the handler says, whatever the fuzzer did to the clock.
    modifier inTime() {
        vm.warp(_now);
        _;
    }

    constructor() {
        for (uint256 i = 0; i < CHANNELS; i++) {
            ChannelConfig memory config = channel();
            config.salt = bytes32(i);
            _configs.push(config);
            ids.push(settlement.getChannelId(config));
        }
    }

    function deposit(uint256 index, uint128 amount) external inTime {
        index %= CHANNELS;
        amount = uint128(bound(amount, 1, 1e12));
        fund(_configs[index], amount, ++_salt);
        deposited += amount;
        funded[index] += amount;
    }

    function serve(uint256 index, uint128 price) external inTime {
        index %= CHANNELS;
        (uint128 balance,) = settlement.channels(ids[index]);
        (bool exists, uint128 cap, uint40 expiresAt,) = sessionKeys.sessions(ids[index]);
        (, uint40 withdrawing) = settlement.pendingWithdrawals(ids[index]);
        uint256 limit = exists && cap < balance ? cap : balance;
        if (served[index] >= limit || withdrawing != 0 || (exists && _now >= expiresAt)) return;
        served[index] = bound(price, served[index] + 1, limit);
        servedAt[index] = _now;
    }

    /// @dev What was served less than a withdrawDelay ago can always be claimed in full.
    function claim(uint256 index) external inTime {
        index %= CHANNELS;
        if (served[index] == 0 || _now >= servedAt[index] + DELAY) return;
        _claim(index);
    }

    function settle() external inTime {
        uint256 before = credit.balanceOf(receiver);
        settlement.settle(receiver, address(credit));
        settled += credit.balanceOf(receiver) - before;
    }

    function refund(uint256 index, uint128 amount) external inTime {
        index %= CHANNELS;
        (uint128 balance,) = settlement.channels(ids[index]);
        if (served[index] != 0 && _now < servedAt[index] + DELAY) _claim(index);
        (, uint128 claimed) = settlement.channels(ids[index]);
        if (balance == claimed) return;
        _count(index);
        vm.prank(receiver);
        settlement.refund(_configs[index], uint128(bound(amount, 1, type(uint128).max)));
        _count(index);
    }

    function requestWithdraw(uint256 index, uint128 amount) external inTime {
        index %= CHANNELS;
        (uint128 balance, uint128 claimed) = settlement.channels(ids[index]);
        if (balance == claimed) return;
        vm.prank(payer);
        settlement.initiateWithdraw(_configs[index], uint128(bound(amount, 1, balance - claimed)));
    }

    /// @dev A provider watches the chain, and claims before a withdrawal matures.
    function finalizeWithdraw(uint256 index) external inTime {
        index %= CHANNELS;
        (, uint40 initiatedAt) = settlement.pendingWithdrawals(ids[index]);
        if (initiatedAt == 0) return;
        uint256 matures = initiatedAt + DELAY;
        if (_now < matures) {
            vm.warp(matures - 1);
            if (served[index] != 0 && servedAt[index] + DELAY > matures - 1) _claim(index);
            _now = matures;
            vm.warp(_now);
        }
        vm.prank(payer);
        settlement.finalizeWithdraw(_configs[index]);
        _count(index);
    }

    function authorize(uint256 index, uint128 cap, uint256 secondsAhead) external inTime {
        index %= CHANNELS;
        uint40 expiresAt = uint40(_now + bound(secondsAhead, 0, 30 days));
        vm.prank(payer);
        sessionKeys.authorize(_configs[index], uint128(bound(cap, 0, 1e13)), expiresAt, 0);
    }

    function revoke(uint256 index) external inTime {
        index %= CHANNELS;
        (bool exists,,,) = sessionKeys.sessions(ids[index]);
        if (!exists) return;
        vm.prank(payer);
        sessionKeys.revoke(_configs[index]);
    }

    function wait(uint256 time) external {
        _now += bound(time, 1, 2 * DELAY);
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function _claim(uint256 index) private {
        uint128 total = uint128(served[index]);
        VoucherClaim[] memory list = rows(row(_configs[index], SESSION_KEY, total, total));
        vm.prank(receiver);
        settlement.claim(list);
        (, uint128 claimed) = settlement.channels(ids[index]);
        require(claimed >= total, "a provider that served in time was stranded");
    }

    /// @dev Takes up what went back to the payer.
    function _count(uint256 index) private {
        (uint128 balance,) = settlement.channels(ids[index]);
        uint256 back = funded[index] - balance;
        returned += back - givenBack[index];
        givenBack[index] = back;
    }
}

contract SettlementInvariants is Base {
    Market private market;

    function setUp() public {
        deployAll();
        market = new Market();
        credit.transferOwnership(address(market));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(market);
    }

    /// @dev Escrow = what payers still have in channels + what receivers claimed and did not fetch.
    function invariant_SumsAreConserved() public view {
        uint256 open;
        for (uint256 i = 0; i < market.count(); i++) {
            (uint128 balance, uint128 claimed) = settlement.channels(market.ids(i));
            open += balance - claimed;
        }
        (uint128 totalClaimed, uint128 totalSettled) = settlement.receivers(receiver, address(credit));
        uint256 escrow = credit.balanceOf(address(settlement));
        assertEq(escrow, open + totalClaimed - totalSettled, "escrow by channels");
        assertEq(escrow, market.deposited() - market.returned() - market.settled(), "escrow by flows");
        assertEq(credit.balanceOf(payer), market.returned(), "payer");
        assertEq(credit.balanceOf(receiver), totalSettled, "receiver");
    }

    function invariant_NoVoucherClaimsMoreThanWasServedOrDeposited() public view {
        for (uint256 i = 0; i < market.count(); i++) {
            (uint128 balance, uint128 claimed) = settlement.channels(market.ids(i));
            require(claimed <= market.served(i), "claimed more than was signed");
            require(claimed <= balance && balance <= market.funded(i), "claimed more than was deposited");
        }
    }
}
