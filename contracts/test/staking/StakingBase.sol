// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../../solidity/Predeploys.sol";
import {Kind, Statement} from "../../solidity/staking/IStakingProofs.sol";
import {Parameters, Policy, Validator} from "../../solidity/staking/StakingTypes.sol";
import {Staking} from "../../solidity/staking/Staking.sol";
import {StakingProofs} from "../../solidity/staking/StakingProofs.sol";
import {Base} from "../Base.sol";
import {BlsFixtures} from "./BlsFixtures.sol";

/// @dev Writes what a genesis writes.
contract SeededStaking is Staking {
    function seed(Parameters calldata chosen, bytes32 genesis) external {
        _parameters = chosen;
        _genesisValidatorsHash = keccak256("validators");
        genesisId = genesis;
    }

    function seedMember(address validator, address operator, uint64 power, uint16 commissionBps) external payable {
        Validator storage made = _validators[validator];
        (made.operator, made.power, made.commissionBps) = (operator, power, commissionBps);
        made.blsHigh = keccak256(abi.encode(validator));
        (made.stake, made.shares) = (uint128(msg.value), uint128(msg.value));
        _positions[validator][operator].shares = uint128(msg.value);
        _registered.push(validator);
        _candidates.push(validator);
        made.place = uint16(_candidates.length);
    }

    function sharesOf(address validator, address holder) external view returns (uint256) {
        return _positions[validator][holder].shares;
    }

    function boundSharesOf(address validator, address holder) external view returns (uint256) {
        return _positions[validator][holder].boundShares;
    }

    function unbondingWei(address holder) external view returns (uint256 sum) {
        for (uint256 i = 0; i < _unbondings[holder].length; i++) {
            sum += _unbondings[holder][i].amount;
        }
    }
}

/// @notice The Staking contract at its address, four validators (keys 1 to 4) in it, and clocks.
abstract contract StakingBase is Base {
    SeededStaking internal constant staking = SeededStaking(payable(Predeploys.STAKING));
    StakingProofs internal constant proofs = StakingProofs(Predeploys.STAKING_PROOFS);

    bytes32 internal constant GENESIS = keccak256("genesis");
    uint256 internal constant EPOCH = 10;
    uint256 internal constant STAKE = 1000 ether;

    function deployStaking(Policy policy) internal {
        vm.chainId(31402);
        vm.warp(START);
        vm.roll(1000);
        deploy("StakingProofs", Predeploys.STAKING_PROOFS, "");
        vm.etch(Predeploys.STAKING, bytes.concat(vm.getCode("StakingBase.sol:SeededStaking")));
        (bool success, bytes memory runtime) = Predeploys.STAKING.call("");
        require(success, "staking");
        vm.etch(Predeploys.STAKING, runtime);
        staking.seed(chosen(policy), GENESIS);
        vm.deal(address(this), 1_000_000 ether);
        for (uint256 i = 1; i <= 4; i++) {
            uint256 stake = policy == Policy.Authority ? 0 : STAKE;
            staking.seedMember{value: stake}(validator(i), operator(i), 10, 1000);
        }
    }

    function chosen(Policy policy) internal pure virtual returns (Parameters memory) {
        return Parameters({
            policy: policy,
            seats: 4,
            slashBps: 1000,
            reporterBps: 500,
            jailSeconds: 600,
            unbondingSeconds: 1000,
            unbondingBlocks: 120,
            evidenceBlocks: 100,
            epochBlocks: uint32(EPOCH),
            proposalBlocks: 50,
            minimumStake: 100 ether,
            powerUnit: 1 ether
        });
    }

    function validator(uint256 number) internal pure returns (address) {
        return vm.addr(BlsFixtures.keyOf(number));
    }

    function operator(uint256 number) internal pure returns (address) {
        return address(uint160(0xA000 + number));
    }

    function holder(uint256 number) internal pure returns (address) {
        return address(uint160(0xB000 + number));
    }

    function register(uint256 number, uint256 stake) internal {
        (bytes memory compressed, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(number);
        bytes memory consent = consentOf(number, operator(number), compressed);
        vm.deal(operator(number), stake);
        vm.prank(operator(number));
        staking.register{value: stake}(validator(number), key, possession, consent, 500);
    }

    function consentOf(uint256 number, address chosenOperator, bytes memory compressed)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256(
            "QuoinRegistration(uint256 chainId,address staking,address validator,address operator,bytes32 blsPublicKeyHash)"
        );
        bytes32 digest = keccak256(
            abi.encode(
                typeHash, block.chainid, address(staking), validator(number), chosenOperator, keccak256(compressed)
            )
        );
        return sign(BlsFixtures.keyOf(number), digest);
    }

    function bond(uint256 number, address by, uint256 amount) internal {
        vm.deal(by, by.balance + amount);
        vm.prank(by);
        staking.bond{value: amount}(validator(number));
    }

    function signed(uint256 number, Statement memory statement) internal view returns (Statement memory) {
        statement.signature = sign(BlsFixtures.keyOf(number), proofs.digestOf(GENESIS, statement));
        return statement;
    }

    function precommit(uint256 number, uint64 height, uint32 round, bytes32 id)
        internal
        view
        returns (Statement memory)
    {
        return signed(number, Statement(Kind.Precommit, height, round, id, 0, ""));
    }

    function prevote(uint256 number, uint64 height, uint32 round, bytes32 id, uint32 validRoundPlusOne)
        internal
        view
        returns (Statement memory)
    {
        return signed(number, Statement(Kind.Prevote, height, round, id, validRoundPlusOne, ""));
    }

    /// @dev Two precommits in one round.
    function convict(uint256 number, uint256 height) internal {
        staking.slashDuplicate(
            precommit(number, uint64(height), 0, "a"), precommit(number, uint64(height), 0, "b")
        );
    }

    /// @dev Income at a validator's vault.
    function earn(uint256 number, uint256 amount) internal {
        address vault = staking.vaultOf(validator(number));
        vm.deal(vault, vault.balance + amount);
    }

    function setOf() internal view returns (address[] memory validators, uint256[] memory powers) {
        (validators, powers,) = staking.validatorSet();
    }

    /// @dev Past every period.
    function waitUnbonding() internal {
        vm.roll(block.number + 121);
        vm.warp(block.timestamp + 1001);
    }

    function claim(address by, uint256 number) internal returns (uint256) {
        address[] memory list = new address[](1);
        list[0] = validator(number);
        vm.prank(by);
        return staking.claim(list);
    }
}
