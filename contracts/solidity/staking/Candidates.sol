// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Descending} from "./Descending.sol";
import {Validator} from "./StakingTypes.sol";
import {StakingStorage} from "./StakingStorage.sol";

/// @notice The list of those who may validate, and the view that consensus reads at the end of each epoch.
/// The list is bounded, so the view's gas is: who comes when it is full must be stronger than its weakest.
abstract contract Candidates is StakingStorage {
    event CandidateEntered(address indexed validator);
    event CandidateLeft(address indexed validator);

    error LastValidator(address validator);
    error ListFull(address validator, uint256 members);

    uint256 public constant MAXIMUM_CANDIDATES = 256;

    /// @notice The validators of the epoch after next, if asked after an epoch's last block: of the
    /// candidates those with the most power, the lower address first among equals.
    /// @return validators By descending power.
    /// @return powers Positive.
    /// @return blsPublicKeys 48 bytes each, compressed.
    function validatorSet()
        external
        view
        returns (address[] memory validators, uint256[] memory powers, bytes[] memory blsPublicKeys)
    {
        uint256[] memory ranks = _ranks();
        uint256 count = ranks.length < _parameters.seats ? ranks.length : _parameters.seats;
        validators = new address[](count);
        powers = new uint256[](count);
        blsPublicKeys = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            Validator storage chosen = _validators[validators[i] = address(~uint160(ranks[i]))];
            powers[i] = _powerOf(chosen);
            blsPublicKeys[i] = bytes.concat(chosen.blsHigh, chosen.blsLow);
        }
    }

    function candidates() external view returns (address[] memory) {
        return _candidates;
    }

    /// @dev Weight above, the complement of the address below: one descending order, and no ties.
    function _ranks() private view returns (uint256[] memory) {
        uint256 length = _candidates.length;
        uint256[] memory ranks = new uint256[](length);
        for (uint256 i = 0; i < length; i++) {
            address candidate = _candidates[i];
            ranks[i] = _powerOf(_validators[candidate]) << 160 | uint160(~uint160(candidate));
        }
        return Descending.sort(ranks);
    }

    /// @dev Of a candidate. Never zero: a convicted last validator keeps its seat until another comes.
    function _powerOf(Validator storage validator) internal view returns (uint256 power) {
        if (_isAuthority()) return validator.power;
        power = validator.stake / _parameters.powerUnit;
        if (power > type(uint96).max) power = type(uint96).max;
        if (power == 0) power = 1;
    }

    function _isFree(Validator storage validator) internal view returns (bool) {
        return !validator.isTombstoned && validator.jailedUntil == 0;
    }

    function _enter(address validator) internal {
        Validator storage entering = _validators[validator];
        if (entering.place != 0) return;
        uint256 length = _candidates.length;
        if (length == 1 && !_isFree(_validators[_candidates[0]])) {
            _remove(_candidates[0]);
            length = 0;
        }
        uint256 maximum = _isAuthority() ? _parameters.seats : MAXIMUM_CANDIDATES;
        if (length >= maximum && !_makeRoom(validator, _powerOf(entering))) return;
        _candidates.push(validator);
        entering.place = uint16(_candidates.length);
        emit CandidateEntered(validator);
    }

    /// @param isForced By jail or conviction: then the last one stays for want of another, since a chain
    /// cannot be without validators. By its own will the last one cannot leave.
    function _leave(address validator, bool isForced) internal {
        if (_validators[validator].place == 0) return;
        if (_candidates.length > 1) return _remove(validator);
        if (!isForced) revert LastValidator(validator);
    }

    /// @dev False when the newcomer is not stronger than the weakest: it waits until it is. Members of an
    /// authority are not pushed out: they vote one out first.
    function _makeRoom(address validator, uint256 power) private returns (bool) {
        if (_isAuthority()) revert ListFull(validator, _candidates.length);
        address weakest = _candidates[0];
        uint256 least = _powerOf(_validators[weakest]);
        for (uint256 i = 1; i < _candidates.length; i++) {
            uint256 other = _powerOf(_validators[_candidates[i]]);
            if (other > least || (other == least && _candidates[i] < weakest)) continue;
            (weakest, least) = (_candidates[i], other);
        }
        if (power <= least) return false;
        _remove(weakest);
        return true;
    }

    function _remove(address validator) private {
        uint16 place = _validators[validator].place;
        address last = _candidates[_candidates.length - 1];
        _candidates[place - 1] = last;
        _validators[last].place = place;
        _validators[validator].place = 0;
        _candidates.pop();
        emit CandidateLeft(validator);
    }
}
