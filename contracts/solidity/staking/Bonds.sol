// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Predeploys} from "../Predeploys.sol";
import {IStakingProofs} from "./IStakingProofs.sol";
import {Policy, Position, Unbonding, Validator} from "./StakingTypes.sol";
import {Rewards} from "./Rewards.sol";

/// @notice Registration, and stake that comes, goes and moves. A validator's stake is divided into shares;
/// slashing takes from the stake, so every holder loses in proportion without being looked up. Each wei is
/// in one validator's stake or in one entry on its way out, never in two.
abstract contract Bonds is Rewards {
    using SafeCast for uint256;

    event Registered(
        address indexed validator, address indexed operator, bytes32 blsHigh, bytes16 blsLow, uint16 commissionBps
    );
    event Bonded(address indexed validator, address indexed holder, uint256 amount, uint256 shares);
    event UnbondingBegun(address indexed validator, address indexed holder, uint256 amount, uint256 shares);
    event Moved(address indexed from, address indexed to, address indexed holder, uint256 amount);
    event MoveSettled(address indexed validator, address indexed holder, uint256 penalty);
    event Withdrawn(address indexed holder, uint256 amount, uint256 penalty);

    error AlreadyRegistered(address validator);
    error BlsKeyTaken(address owner);
    error CommissionTooHigh(uint256 basisPoints);
    error StakeTooSmall(uint256 amount, uint256 minimum);
    error ZeroAmount();
    error Convicted(address validator);
    error NotEnoughStake(uint256 shares, uint256 available);
    error MovePending(address validator, address holder);
    error TooManyUnbondings(uint256 maximum);
    error SameValidator(address validator);

    uint256 public constant MAXIMUM_UNBONDINGS = 32;
    IStakingProofs internal constant PROOFS = IStakingProofs(Predeploys.STAKING_PROOFS);

    /// @notice Makes a validator known, with the caller as its operator. Under `stake` and `delegated` what
    /// is sent is its first stake; under `authority` the members vote on it next.
    /// @param blsKey, possession, consent As `IStakingProofs.checkKeys` takes them.
    /// @param commissionBps Of what its vault collects; fixed, since holders choose by it.
    function register(
        address validator,
        bytes calldata blsKey,
        bytes calldata possession,
        bytes calldata consent,
        uint16 commissionBps
    ) external payable onlyPolicy(_parameters.policy != Policy.None) {
        if (_validators[validator].operator != address(0)) revert AlreadyRegistered(validator);
        if (commissionBps > WHOLE) revert CommissionTooHigh(commissionBps);
        uint256 minimum = _isAuthority() ? 0 : _parameters.minimumStake;
        if (msg.value < minimum || (minimum == 0 && msg.value != 0)) revert StakeTooSmall(msg.value, minimum);
        (bytes32 high, bytes16 low) = PROOFS.checkKeys(validator, msg.sender, blsKey, possession, consent);
        bytes32 keyHash = keccak256(bytes.concat(high, low));
        if (_blsOwners[keyHash] != address(0)) revert BlsKeyTaken(_blsOwners[keyHash]);
        _blsOwners[keyHash] = validator;
        _registered.push(validator);
        Validator storage made = _validators[validator];
        (made.operator, made.commissionBps, made.blsHigh, made.blsLow) = (msg.sender, commissionBps, high, low);
        emit Registered(validator, msg.sender, high, low, commissionBps);
        if (msg.value != 0) _bond(validator, msg.sender, msg.value);
    }

    /// @notice Adds stake: under `stake` the operator, under `delegated` anyone.
    function bond(address validator) external payable onlyPolicy(_isStaked()) {
        Validator storage chosen = _known(validator);
        if (_parameters.policy == Policy.Stake && chosen.operator != msg.sender) {
            revert NotOperator(validator, msg.sender);
        }
        if (msg.value == 0) revert ZeroAmount();
        _bond(validator, msg.sender, msg.value);
    }

    /// @notice Takes stake out; it can be fetched when the unbonding period is over, and until then still
    /// answers for what the validator did with it.
    /// @param amount Wei; more than there is means all.
    function unbond(address validator, uint256 amount) external onlyPolicy(_isStaked()) nonReentrant {
        Unbonding[] storage list = _unbondings[msg.sender];
        if (list.length >= MAXIMUM_UNBONDINGS) revert TooManyUnbondings(MAXIMUM_UNBONDINGS);
        uint256 shares;
        (amount, shares) = _takeOut(validator, msg.sender, amount);
        emit UnbondingBegun(validator, msg.sender, amount, shares);
        bool isSettled = _validators[validator].isTombstoned;
        list.push(
            Unbonding(validator, uint64(block.number), uint32(block.timestamp), amount.toUint128(), isSettled)
        );
        _refresh(validator, _isForced(validator));
    }

    /// @notice Moves delegated stake to another validator at once. For an unbonding period it answers for
    /// both, and cannot move again: see `settleMove`.
    function redelegate(address from, address to, uint256 amount)
        external
        onlyPolicy(_parameters.policy == Policy.Delegated)
        nonReentrant
    {
        if (from == to) revert SameValidator(from);
        _known(to);
        _settleMove(to, msg.sender);
        Position storage position = _positions[to][msg.sender];
        if (position.boundShares != 0) revert MovePending(to, msg.sender);
        (amount,) = _takeOut(from, msg.sender, amount);
        emit Moved(from, to, msg.sender, amount);
        uint256 shares = _bond(to, msg.sender, amount);
        if (!_validators[from].isTombstoned) {
            position.boundShares = uint128(shares);
            position.mover = from;
            (position.movedBlock, position.movedTime) = (uint64(block.number), uint32(block.timestamp));
        }
        _refresh(from, _isForced(from));
    }

    /// @notice Ends a move: stake that came from a validator convicted for that time is slashed, other stake
    /// is freed when the period is over. Anyone may send it.
    function settleMove(address validator, address holder) external nonReentrant returns (uint256 penalty) {
        _known(validator);
        penalty = _settleMove(validator, holder);
        if (_isStaked()) _refresh(validator, true);
    }

    /// @notice Pays the caller its stake whose unbonding is over, less what was slashed meanwhile.
    function withdraw() external nonReentrant returns (uint256 amount) {
        Unbonding[] storage list = _unbondings[msg.sender];
        uint256 penalty;
        for (uint256 i = list.length; i > 0; i--) {
            Unbonding memory entry = list[i - 1];
            if (!_isOver(entry.sinceBlock, entry.sinceTime)) continue;
            uint256 lost = _penaltyOf(entry);
            (amount, penalty) = (amount + entry.amount - lost, penalty + lost);
            list[i - 1] = list[list.length - 1];
            list.pop();
        }
        emit Withdrawn(msg.sender, amount, penalty);
        _pay(address(0), penalty);
        _pay(msg.sender, amount);
    }

    /// @notice Puts a validator onto the list of candidates, or off it, as its stake now asks for: what a
    /// validator sends that waited for a place. Anyone may send it.
    function refresh(address validator) external onlyPolicy(_isStaked()) {
        _known(validator);
        _refresh(validator, true);
    }

    /// @dev What an entry on its way out loses for its validator's fault.
    function _penaltyOf(Unbonding memory entry) internal view returns (uint256) {
        if (entry.isSettled || !_answersFor(entry.validator, entry.sinceBlock)) return 0;
        return uint256(entry.amount) * _parameters.slashBps / WHOLE;
    }

    function stakeOf(address validator, address holder) public view returns (uint256) {
        return _worth(_validators[validator], _positions[validator][holder].shares);
    }

    /// @dev Stake that left in epoch E counts in the sets up to epoch E + 1.
    function _answersFor(address validator, uint256 sinceBlock) private view returns (bool) {
        Validator storage left = _validators[validator];
        return left.isTombstoned && _epochOf(left.faultHeight) <= _epochOf(sinceBlock) + 1;
    }

    function _isOver(uint256 sinceBlock, uint256 sinceTime) private view returns (bool) {
        return block.number > sinceBlock + _parameters.unbondingBlocks
            && block.timestamp > sinceTime + _parameters.unbondingSeconds;
    }

    function _worth(Validator storage validator, uint256 shares) internal view returns (uint256) {
        return shares == 0 ? 0 : Math.mulDiv(shares, validator.stake, validator.shares);
    }

    function _bond(address validator, address holder, uint256 amount) private returns (uint256 shares) {
        Validator storage chosen = _validators[validator];
        if (chosen.isTombstoned) revert Convicted(validator);
        _collect(validator);
        _settleRewards(validator, holder);
        shares = chosen.shares == 0 ? amount : Math.mulDiv(amount, chosen.shares, chosen.stake);
        chosen.stake += amount.toUint128();
        chosen.shares += shares.toUint128();
        _positions[validator][holder].shares += uint128(shares);
        emit Bonded(validator, holder, amount, shares);
        _refresh(validator, true);
    }

    /// @dev Rounds for those who stay: shares up, wei down.
    function _takeOut(address validator, address holder, uint256 asked)
        private
        returns (uint256 amount, uint256 shares)
    {
        if (asked == 0) revert ZeroAmount();
        _settleMove(validator, holder);
        _collect(validator);
        _settleRewards(validator, holder);
        Validator storage left = _known(validator);
        Position storage position = _positions[validator][holder];
        uint256 available = position.shares - position.boundShares;
        uint256 most = _worth(left, available);
        if (most == 0) revert NotEnoughStake(0, available);
        shares = asked < most ? Math.mulDiv(asked, left.shares, left.stake, Math.Rounding.Ceil) : available;
        if (shares > available) shares = available;
        amount = asked < most ? asked : most;
        left.stake -= uint128(amount);
        left.shares -= uint128(shares);
        position.shares -= uint128(shares);
    }

    function _settleMove(address validator, address holder) private returns (uint256 penalty) {
        Position storage position = _positions[validator][holder];
        uint256 bound = position.boundShares;
        if (bound == 0) return 0;
        bool isGuilty = _answersFor(position.mover, position.movedBlock);
        if (!isGuilty && !_isOver(position.movedBlock, position.movedTime)) return 0;
        position.boundShares = 0;
        if (isGuilty) penalty = _burnShares(validator, holder, bound * _parameters.slashBps / WHOLE);
        emit MoveSettled(validator, holder, penalty);
    }

    function _burnShares(address validator, address holder, uint256 shares) private returns (uint256 amount) {
        _collect(validator);
        _settleRewards(validator, holder);
        Validator storage chosen = _validators[validator];
        amount = _worth(chosen, shares);
        chosen.stake -= uint128(amount);
        chosen.shares -= uint128(shares);
        _positions[validator][holder].shares -= uint128(shares);
        _pay(address(0), amount);
    }

    /// @dev Only by its operator's will can a validator that is free to validate leave the list.
    function _isForced(address validator) private view returns (bool) {
        Validator storage one = _validators[validator];
        return one.operator != msg.sender || !_isFree(one);
    }

    function _refresh(address validator, bool isForced) internal {
        Validator storage one = _validators[validator];
        bool belongs = _isFree(one) && stakeOf(validator, one.operator) >= _parameters.minimumStake;
        if (belongs) _enter(validator);
        else _leave(validator, isForced);
    }
}
