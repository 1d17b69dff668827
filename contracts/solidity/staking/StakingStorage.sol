// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Parameters, Policy, Position, Proposal, Unbonding, Validator} from "./StakingTypes.sol";

/// @notice All that the Staking contract remembers. A genesis writes it directly (src/staking-genesis.ts):
/// labels and types here are what that encodes by.
abstract contract StakingStorage is ReentrancyGuardTransient {
    error WrongPolicy(Policy policy);
    error UnknownValidator(address validator);
    error NotOperator(address validator, address caller);
    error TransferFailed(address to, uint256 amount);

    Parameters internal _parameters;
    /// @dev Hash of the genesis validators, as consensus makes it (QuoinValidators).
    bytes32 internal _genesisValidatorsHash;
    /// @notice Id of the consensus genesis, which every vote names; zero until `recordGenesis`.
    bytes32 public genesisId;
    /// @dev Who may validate now: keys proven, neither jailed nor convicted, stake or list membership in
    /// order. Bounded; the seats go to those with the most power.
    address[] internal _candidates;
    /// @dev Everyone who ever was one, or may become one.
    address[] internal _registered;
    mapping(address validator => Validator) internal _validators;
    mapping(bytes32 blsKeyHash => address validator) internal _blsOwners;
    mapping(address validator => mapping(address holder => Position)) internal _positions;
    mapping(address holder => Unbonding[]) internal _unbondings;
    /// @notice Rewards that wait to be fetched, in wei.
    mapping(address holder => uint256) public owed;
    Proposal[] internal _proposals;
    mapping(uint256 proposal => mapping(address member => bool)) internal _votes;

    modifier onlyPolicy(bool isMet) {
        if (!isMet) revert WrongPolicy(_parameters.policy);
        _;
    }

    function _isStaked() internal view returns (bool) {
        Policy policy = _parameters.policy;
        return policy == Policy.Stake || policy == Policy.Delegated;
    }

    function _isAuthority() internal view returns (bool) {
        return _parameters.policy == Policy.Authority;
    }

    /// @dev A registered validator, whatever its state.
    function _known(address validator) internal view returns (Validator storage found) {
        found = _validators[validator];
        if (found.operator == address(0)) revert UnknownValidator(validator);
    }

    function _operated(address validator) internal view returns (Validator storage found) {
        found = _known(validator);
        if (found.operator != msg.sender) revert NotOperator(validator, msg.sender);
    }

    /// @dev Blocks 1 to L are epoch 0.
    function _epochOf(uint256 height) internal view returns (uint256) {
        return height == 0 ? 0 : (height - 1) / _parameters.epochBlocks;
    }

    function _pay(address to, uint256 amount) internal {
        if (amount == 0) return;
        (bool success,) = to.call{value: amount}("");
        if (!success) revert TransferFailed(to, amount);
    }
}
