// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";

interface Vm {
    function chainId(uint256 id) external;
    function dumpState(string calldata path) external;
    function etch(address target, bytes calldata code) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
}

/// @notice Runs every constructor at its contract's address, so that what they leave in code
/// (immutables, as the EIP-712 domain's) and in storage is what a real deployment would leave.
contract Genesis {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Only a placeholder: who owns the Credit is written into the storage of each genesis.
    address private constant OWNER = address(1);

    function run() external {
        vm.chainId(31402);
        _deploy("Credit", Predeploys.CREDIT, abi.encode(OWNER));
        _deploy("Registry", Predeploys.REGISTRY, "");
        _deploy("Receipts", Predeploys.RECEIPTS, "");
        _deploy("Splitter", Predeploys.SPLITTER, "");
        _deploy("SessionKeys", Predeploys.SESSION_KEYS, "");
        _deploy("X402Settlement", Predeploys.SETTLEMENT, "");
        _deploy("Eip3009DepositCollector", Predeploys.EIP3009_COLLECTOR, "");
        _deploy("Multicall3", Predeploys.MULTICALL3, "");
        _deploy("Staking", Predeploys.STAKING, "");
        _deploy("StakingProofs", Predeploys.STAKING_PROOFS, "");
        _deploy("Licences", Predeploys.LICENCES, "");
        _deploy("Lineage", Predeploys.LINEAGE, "");
        vm.dumpState("out/genesis-state.json");
    }

    function _deploy(string memory name, address target, bytes memory arguments) private {
        vm.etch(target, bytes.concat(vm.getCode(string.concat(name, ".sol:", name)), arguments));
        (bool success, bytes memory runtime) = target.call("");
        require(success, string.concat(name, ": constructor failed"));
        vm.etch(target, runtime);
    }
}
