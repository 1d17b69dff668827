// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @dev Calls back before it moves: only the first time, else nothing would ever move.
contract ReenteringToken is ERC20("Again", "AGN") {
    address private _target;
    bytes private _data;

    constructor() {
        _mint(msg.sender, 1e18);
        _mint(address(this), 1e18);
    }

    function aim(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_target != address(0)) {
            (bool success, bytes memory reason) = _target.call(_data);
            if (!success) {
                assembly {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
        super._update(from, to, amount);
    }
}

/// @dev Refuses rights, or does something with them the moment they come.
contract HostileHolder {
    address private _target;
    bytes private _data;
    bool public succeeded;

    function aim(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external returns (bytes4) {
        require(_target != address(0), "no, thank you");
        (succeeded,) = _target.call(_data);
        return this.onERC1155Received.selector;
    }

    function send(address token, address to, uint256 id, uint256 amount) external {
        IERC1155(token).safeTransferFrom(address(this), to, id, amount, "");
    }
}
