// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Shares a service's income among the owners of its model, its data and others. A split is
/// named by its content, so it cannot change; payees fetch what is theirs when they like.
///
/// What a payee may have had in total is floor(received * share / 10000). The roundings, less than one
/// atomic unit per payee, stay in the split and are paid as more comes in: nothing is ever lost.
contract Splitter is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    event SplitCreated(bytes32 indexed splitId, address[] payees, uint16[] shares);
    event Paid(bytes32 indexed splitId, address indexed token, address indexed from, uint256 amount);
    event Withdrawn(bytes32 indexed splitId, address indexed token, address indexed payee, uint256 amount);

    error InvalidPayeeCount(uint256 payees, uint256 shares, uint256 maximum);
    error ZeroShare(address payee);
    error PayeesNotAscending(address payee);
    error SharesNotWhole(uint256 sum);
    error UnknownSplit(bytes32 splitId);
    error ZeroAmount();
    error PaymentMismatch(uint256 expected, uint256 received);

    uint256 public constant MAX_PAYEES = 32;
    uint256 public constant WHOLE = 10_000;

    /// @notice A payee's share in basis points.
    mapping(bytes32 splitId => mapping(address payee => uint16)) public shares;
    mapping(bytes32 splitId => mapping(address token => uint256)) public received;
    mapping(bytes32 splitId => mapping(address token => mapping(address payee => uint256))) public withdrawn;
    mapping(bytes32 splitId => address[]) private _payees;

    /// @notice Makes a split known; once is enough, again is no error.
    /// @param payees Ascending, so that each is there once and one split has one id.
    /// @param shares_ Basis points, 10000 together.
    function createSplit(address[] calldata payees, uint16[] calldata shares_) external returns (bytes32 splitId) {
        if (payees.length == 0 || payees.length > MAX_PAYEES || payees.length != shares_.length) {
            revert InvalidPayeeCount(payees.length, shares_.length, MAX_PAYEES);
        }
        splitId = getSplitId(payees, shares_);
        if (_payees[splitId].length != 0) return splitId;
        uint256 sum;
        address previous;
        for (uint256 i = 0; i < payees.length; i++) {
            if (payees[i] <= previous) revert PayeesNotAscending(payees[i]);
            if (shares_[i] == 0) revert ZeroShare(payees[i]);
            previous = payees[i];
            sum += shares_[i];
            shares[splitId][previous] = shares_[i];
        }
        if (sum != WHOLE) revert SharesNotWhole(sum);
        _payees[splitId] = payees;
        emit SplitCreated(splitId, payees, shares_);
    }

    /// @notice Pays into a split from the caller's allowance.
    function pay(bytes32 splitId, address token, uint256 amount) external nonReentrant {
        if (_payees[splitId].length == 0) revert UnknownSplit(splitId);
        if (amount == 0) revert ZeroAmount();
        received[splitId][token] += amount;
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived != amount) revert PaymentMismatch(amount, arrived);
        emit Paid(splitId, token, msg.sender, amount);
    }

    /// @notice Pays a payee what it is owed. Anyone may send it; nothing owed is no error.
    function withdraw(bytes32 splitId, address token, address payee) external nonReentrant returns (uint256 amount) {
        amount = owed(splitId, token, payee);
        if (amount == 0) return 0;
        withdrawn[splitId][token][payee] += amount;
        IERC20(token).safeTransfer(payee, amount);
        emit Withdrawn(splitId, token, payee, amount);
    }

    function owed(bytes32 splitId, address token, address payee) public view returns (uint256) {
        uint256 entitled = received[splitId][token] * shares[splitId][payee] / WHOLE;
        return entitled - withdrawn[splitId][token][payee];
    }

    function payeesOf(bytes32 splitId) external view returns (address[] memory) {
        return _payees[splitId];
    }

    function getSplitId(address[] calldata payees, uint16[] calldata shares_) public pure returns (bytes32) {
        return keccak256(abi.encode(payees, shares_));
    }
}
