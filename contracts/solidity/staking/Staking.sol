// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Parameters, Unbonding, Validator} from "./StakingTypes.sol";
import {Penalties} from "./Penalties.sol";

/// @notice Who validates, under the policy that the genesis chose. Consensus reads `validatorSet` after the
/// last block of each epoch; that set signs the epoch after the next. Nothing here is privileged: there is no
/// owner, and the engine sends no transaction that anyone else could not send.
///
/// Candidates: the list and the view. Rewards: vaults and shares. Bonds: registration and stake.
/// Authority: members' votes. Penalties: evidence and absence.
contract Staking is Penalties {
    /// @notice Stake on its way out.
    struct UnbondingView {
        address validator;
        /// Wei that will be paid, as things stand.
        uint256 amount;
        uint256 penalty;
        uint256 afterBlock;
        uint256 afterTime;
    }

    /// @notice Everything about a validator; `operator` is zero for one that nobody registered.
    function validatorOf(address validator) external view returns (Validator memory) {
        return _validators[validator];
    }

    /// @notice Every validator that ever registered, a page at a time.
    function registered(uint256 from, uint256 count) external view returns (address[] memory page) {
        uint256 length = _registered.length;
        if (from > length) from = length;
        if (count > length - from) count = length - from;
        page = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            page[i] = _registered[from + i];
        }
    }

    /// @notice A holder's part in a validator, in wei.
    /// @return stake What it would get out of it today.
    /// @return rewards What it earned there since it last settled.
    /// @return bound Of the stake, what came from another validator and still answers for it.
    /// @return mover That validator.
    function positionOf(address validator, address holder)
        external
        view
        returns (uint256 stake, uint256 rewards, uint256 bound, address mover)
    {
        stake = stakeOf(validator, holder);
        rewards = rewardsOf(validator, holder);
        bound = _worth(_validators[validator], _positions[validator][holder].boundShares);
        mover = bound == 0 ? address(0) : _positions[validator][holder].mover;
    }

    function unbondingsOf(address holder) external view returns (UnbondingView[] memory list) {
        list = new UnbondingView[](_unbondings[holder].length);
        for (uint256 i = 0; i < list.length; i++) {
            Unbonding memory entry = _unbondings[holder][i];
            uint256 penalty = _penaltyOf(entry);
            list[i] = UnbondingView(
                entry.validator,
                entry.amount - penalty,
                penalty,
                uint256(entry.sinceBlock) + _parameters.unbondingBlocks,
                uint256(entry.sinceTime) + _parameters.unbondingSeconds
            );
        }
    }

    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }
}
