// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Eip3009} from "./Eip3009.sol";

/// @notice Quoin's test stablecoin: what USDC is elsewhere, with the same EIP-3009 and EIP-2612
/// surface, so that payments are written once. Only its owner mints.
contract Credit is ERC20Permit, Eip3009, Ownable {
    constructor(address owner) ERC20("Quoin Credit", "QCR") ERC20Permit("Quoin Credit") Ownable(owner) {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice The EIP-712 domain's version.
    function version() external pure returns (string memory) {
        return "1";
    }

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }
}
