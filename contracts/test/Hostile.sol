// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Predeploys} from "../solidity/Predeploys.sol";
import {IDepositCollector} from "../solidity/x402/IDepositCollector.sol";
import {X402Settlement} from "../solidity/x402/X402Settlement.sol";

/// @dev Keeps a hundredth of every transfer.
contract TollToken is ERC20("Toll", "TOLL") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @dev Brings a fixed amount, whatever was asked for.
contract GreedyCollector is IDepositCollector {
    uint256 private immutable _amount;

    constructor(uint256 amount) {
        _amount = amount;
    }

    function collect(address, address token, uint256, bytes32, bytes calldata) external {
        ERC20(token).transfer(msg.sender, _amount);
    }
}

/// @dev Settles in the middle of a deposit, to have the payout counted against the deposit.
contract ReenteringCollector is IDepositCollector {
    address private immutable _receiver;

    constructor(address receiver) {
        _receiver = receiver;
    }

    function collect(address, address token, uint256 amount, bytes32, bytes calldata) external {
        X402Settlement(Predeploys.SETTLEMENT).settle(_receiver, token);
        ERC20(token).transfer(msg.sender, amount);
    }
}
