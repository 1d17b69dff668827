// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Credit} from "../solidity/credit/Credit.sol";
import {Predeploys} from "../solidity/Predeploys.sol";
import {ChannelConfig, Voucher, VoucherClaim} from "../solidity/x402/ChannelTypes.sol";
import {SessionKeys} from "../solidity/x402/SessionKeys.sol";
import {X402Settlement} from "../solidity/x402/X402Settlement.sol";

/// @dev The cheat codes that the tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 key) external pure returns (address);
    function assume(bool condition) external pure;
    function chainId(uint256 id) external;
    function deal(address account, uint256 wei_) external;
    function etch(address target, bytes calldata code) external;
    function expectEmit(address emitter) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectRevert() external;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function mockCall(address target, bytes calldata data, bytes calldata result) external;
    function prank(address sender) external;
    function roll(uint256 height) external;
    function setBlockhash(uint256 height, bytes32 hash) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 time) external;
}

/// @notice The contracts at their genesis addresses, keys to sign with, and a channel.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    Credit internal constant credit = Credit(Predeploys.CREDIT);
    X402Settlement internal constant settlement = X402Settlement(Predeploys.SETTLEMENT);
    SessionKeys internal constant sessionKeys = SessionKeys(Predeploys.SESSION_KEYS);

    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant SESSION_KEY = 0x5E5510;
    uint256 internal constant RECEIVER_KEY = 0xB0B;
    uint256 internal constant STRANGER_KEY = 0xBAD;
    uint40 internal constant DELAY = 1 days;
    uint256 internal constant START = 1_800_000_000;

    address internal payer = vm.addr(PAYER_KEY);
    address internal receiver = vm.addr(RECEIVER_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);

    function deployAll() internal {
        vm.warp(START);
        deploy("Credit", Predeploys.CREDIT, abi.encode(address(this)));
        deploy("Registry", Predeploys.REGISTRY, "");
        deploy("Receipts", Predeploys.RECEIPTS, "");
        deploy("Splitter", Predeploys.SPLITTER, "");
        deploy("SessionKeys", Predeploys.SESSION_KEYS, "");
        deploy("X402Settlement", Predeploys.SETTLEMENT, "");
        deploy("Eip3009DepositCollector", Predeploys.EIP3009_COLLECTOR, "");
        deploy("Multicall3", Predeploys.MULTICALL3, "");
        deploy("Licences", Predeploys.LICENCES, "");
        deploy("Lineage", Predeploys.LINEAGE, "");
    }

    function deploy(string memory name, address target, bytes memory arguments) internal {
        vm.etch(target, bytes.concat(vm.getCode(string.concat(name, ".sol:", name)), arguments));
        (bool success, bytes memory runtime) = target.call("");
        require(success, name);
        vm.etch(target, runtime);
    }

    /// @dev A channel whose vouchers a session key signs.
    function channel() internal view returns (ChannelConfig memory) {
        return ChannelConfig(
            payer, vm.addr(SESSION_KEY), receiver, receiver, address(credit), DELAY, bytes32(uint256(1))
        );
    }

    /// @dev Mints to the payer and funds the channel with its EIP-3009 authorization.
    function fund(ChannelConfig memory config, uint128 amount, uint256 salt) internal {
        credit.mint(payer, amount);
        settlement.deposit(config, amount, Predeploys.EIP3009_COLLECTOR, depositData(config, amount, salt));
    }

    function depositData(ChannelConfig memory config, uint128 amount, uint256 salt)
        internal
        view
        returns (bytes memory)
    {
        uint256 validBefore = block.timestamp + 1 hours;
        bytes32 nonce = keccak256(abi.encode(settlement.getChannelId(config), salt));
        bytes32 content = keccak256(
            abi.encode(
                credit.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                config.payer,
                Predeploys.EIP3009_COLLECTOR,
                uint256(amount),
                uint256(0),
                validBefore,
                nonce
            )
        );
        bytes memory signature = sign(PAYER_KEY, typed(credit.DOMAIN_SEPARATOR(), content));
        return abi.encode(uint256(0), validBefore, salt, signature);
    }

    function row(ChannelConfig memory config, uint256 key, uint128 signed, uint128 claimed)
        internal
        view
        returns (VoucherClaim memory)
    {
        bytes32 digest = settlement.getVoucherDigest(settlement.getChannelId(config), signed);
        return VoucherClaim(Voucher(config, signed), sign(key, digest), claimed);
    }

    function rows(VoucherClaim memory one) internal pure returns (VoucherClaim[] memory list) {
        list = new VoucherClaim[](1);
        list[0] = one;
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function typed(bytes32 domain, bytes32 content) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }

    function bound(uint256 value, uint256 minimum, uint256 maximum) internal pure returns (uint256) {
        return minimum + value % (maximum - minimum + 1);
    }

    function assertEq(uint256 actual, uint256 expected, string memory what) internal pure {
        require(actual == expected, string.concat(what, ": ", decimal(actual), ", expected ", decimal(expected)));
    }

    function decimal(uint256 value) internal pure returns (string memory text) {
        if (value == 0) return "0";
        for (; value != 0; value /= 10) text = string.concat(string(abi.encodePacked(bytes1(uint8(48 + value % 10)))), text);
    }
}
