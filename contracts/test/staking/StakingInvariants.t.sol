// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Policy, Validator} from "../../solidity/staking/StakingTypes.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev Holders, operators and reporters that do whatever they like, in an order that the fuzzer chooses, with
/// a ledger of what each put in, lost and got out.
contract Market is StakingBase {
    uint256 public constant HOLDERS = 3;

    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public earned;
    uint256 public burntBefore;
    mapping(address who => uint256) public put;
    mapping(address who => uint256) public got;
    mapping(address who => uint256) public rewarded;
    uint256 private _height = 1000;
    uint256 private _time = START;

    modifier inTime() {
        vm.roll(_height);
        vm.warp(_time);
        _;
    }

    constructor() {
        burntBefore = address(0).balance;
    }

    /// @dev The operators of validators 1 to 4, then holders.
    function actor(uint256 seed) public pure returns (address) {
        seed %= 4 + HOLDERS;
        return seed < 4 ? operator(seed + 1) : holder(seed - 3);
    }

    function bondSome(uint256 who, uint256 number, uint256 amount) external inTime {
        number = number % 4 + 1;
        if (staking.validatorOf(validator(number)).isTombstoned) return;
        amount = bound(amount, 1, 500 ether);
        bond(number, actor(who), amount);
        put[actor(who)] += amount;
        paidIn += amount;
    }

    function unbondSome(uint256 who, uint256 number, uint256 amount) external inTime {
        number = number % 4 + 1;
        amount = bound(amount, 1, 700 ether);
        vm.prank(actor(who));
        try staking.unbond(validator(number), amount) {} catch {}
    }

    function move(uint256 who, uint256 from, uint256 to, uint256 amount) external inTime {
        amount = bound(amount, 1, 700 ether);
        vm.prank(actor(who));
        try staking.redelegate(validator(from % 4 + 1), validator(to % 4 + 1), amount) {} catch {}
    }

    function settle(uint256 who, uint256 number) external inTime {
        staking.settleMove(validator(number % 4 + 1), actor(who));
    }

    function withdraw(uint256 who) external inTime {
        vm.prank(actor(who));
        uint256 amount = staking.withdraw();
        got[actor(who)] += amount;
        paidOut += amount;
    }

    function earnSome(uint256 number, uint256 amount) external inTime {
        number = number % 4 + 1;
        amount = bound(amount, 0, 10 ether);
        earn(number, amount);
        earned += amount;
        if (amount % 3 == 0) staking.collect(validator(number));
    }

    function claimSome(uint256 who, uint256 number) external inTime {
        uint256 amount = claim(actor(who), number % 4 + 1);
        rewarded[actor(who)] += amount;
        paidOut += amount;
    }

    /// @dev Seldom, or all four are convicted before anything else happens.
    function convictOne(uint256 number, uint256 back, uint256 reporter, uint256 chance) external inTime {
        number = number % 4 + 1;
        if (chance % 4 != 0 || staking.validatorOf(validator(number)).isTombstoned) return;
        vm.startPrank(actor(reporter));
        convict(number, _height - back % 101);
        vm.stopPrank();
    }

    function wait(uint256 blocks, uint256 seconds_) external {
        _height += bound(blocks, 1, 40);
        _time += bound(seconds_, 1, 400);
    }
}

contract StakingInvariantsTest is StakingBase {
    Market private market;
    uint256 private seeded;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(market);
    }

    function setUp() public {
        deployStaking(Policy.Delegated);
        seeded = 4 * STAKE;
        market = new Market();
    }

    /// @dev One campaign for all of them: each looks at every state.
    /// forge-config: default.invariant.runs = 16
    function invariant_TheBooksAreInOrder() public view {
        checkNoWeiIsLostOrMade();
        checkEverythingOwedIsThere();
        checkStakeIsCountedOnce();
        checkNobodyReachesOthersStake();
        checkTheSetIsSound();
    }

    /// @dev Every wei that came in is in the contract or a vault, was paid out, or was burnt.
    function checkNoWeiIsLostOrMade() private view {
        uint256 burnt = address(0).balance - market.burntBefore();
        uint256 all = seeded + market.paidIn() + market.earned();
        uint256 waiting;
        for (uint256 i = 1; i <= 4; i++) waiting += staking.vaultOf(validator(i)).balance;
        assertEq(address(staking).balance + waiting + market.paidOut() + burnt, all, "conservation");
    }

    /// @dev Bonded, leaving and earned together are always there; what is more is rounding.
    function checkEverythingOwedIsThere() private view {
        uint256 debts;
        for (uint256 i = 1; i <= 4; i++) debts += staking.validatorOf(validator(i)).stake;
        for (uint256 i = 0; i < 7; i++) {
            address who = market.actor(i);
            debts += staking.unbondingWei(who) + staking.owed(who);
            for (uint256 j = 1; j <= 4; j++) debts += staking.rewardsOf(validator(j), who);
        }
        require(debts <= address(staking).balance, "solvent");
        require(address(staking).balance - debts < 1e6, "dust only");
    }

    /// @dev Positions add up to the validator, in shares exactly and in wei never to more, and a share is
    /// never worth more than a wei, so that rounding stays below one per step.
    function checkStakeIsCountedOnce() private view {
        for (uint256 i = 1; i <= 4; i++) {
            Validator memory one = staking.validatorOf(validator(i));
            (uint256 shares, uint256 worth) = (0, 0);
            for (uint256 j = 0; j < 7; j++) {
                address who = market.actor(j);
                uint256 own = staking.sharesOf(validator(i), who);
                require(staking.boundSharesOf(validator(i), who) <= own, "bound is owned");
                shares += own;
                worth += staking.stakeOf(validator(i), who);
            }
            assertEq(shares, one.shares, "shares");
            require(worth <= one.stake && one.stake <= one.shares, "worth");
        }
    }

    /// @dev Nobody gets more stake out, now or ever, than was put in: nobody else's money is in reach.
    function checkNobodyReachesOthersStake() private view {
        for (uint256 i = 0; i < 7; i++) {
            address who = market.actor(i);
            uint256 reach = market.got(who) + staking.unbondingWei(who);
            for (uint256 j = 1; j <= 4; j++) reach += staking.stakeOf(validator(j), who);
            uint256 own = market.put(who) + (i < 4 ? STAKE : 0);
            require(reach <= own, "more than it put in");
        }
    }

    /// @dev The set is what the stakes say: never empty, no one twice, all its power from stake that is there.
    function checkTheSetIsSound() private view {
        (address[] memory validators, uint256[] memory powers) = setOf();
        require(validators.length > 0, "never empty");
        for (uint256 i = 0; i < validators.length; i++) {
            Validator memory one = staking.validatorOf(validators[i]);
            uint256 power = one.stake / 1 ether;
            assertEq(powers[i], power == 0 ? 1 : power, "power");
            require(validators.length == 1 || !one.isTombstoned, "the convicted are out");
            for (uint256 j = 0; j < i; j++) {
                require(validators[i] != validators[j] && powers[j] >= powers[i], "once, in order");
            }
        }
    }
}
