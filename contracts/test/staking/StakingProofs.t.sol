// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Bls12381} from "../../solidity/staking/Bls12381.sol";
import {Bonds} from "../../solidity/staking/Bonds.sol";
import {IStakingProofs, Kind, Statement} from "../../solidity/staking/IStakingProofs.sol";
import {Penalties} from "../../solidity/staking/Penalties.sol";
import {Policy} from "../../solidity/staking/StakingTypes.sol";
import {BlsFixtures} from "./BlsFixtures.sol";
import {StakingBase} from "./StakingBase.sol";

/// @dev Possession of keys, and faults by signatures alone.
contract StakingProofsTest is StakingBase {
    function setUp() public {
        deployStaking(Policy.Stake);
    }

    function check(address who, bytes memory key, bytes memory possession, bytes memory consent) private {
        vm.prank(address(staking));
        proofs.checkKeys(who, operator(5), key, possession, consent);
    }

    function test_KeysOfBlstAreKnownAndCompressedAsBlstDoes() public {
        for (uint256 i = 1; i <= 6; i++) {
            (bytes memory compressed, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(i);
            bytes memory consent = consentOf(i, operator(i), compressed);
            vm.prank(address(staking));
            (bytes32 high, bytes16 low) = proofs.checkKeys(validator(i), operator(i), key, possession, consent);
            require(keccak256(bytes.concat(high, low)) == keccak256(compressed), "compressed");
        }
    }

    function test_NobodyRegistersWithoutBothKeys() public {
        (bytes memory compressed, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(5);
        (bytes memory otherCompressed, bytes memory otherKey, bytes memory otherPossession) = BlsFixtures.proofOf(6);
        bytes memory consent = consentOf(5, operator(5), compressed);
        bytes memory withOther = consentOf(5, operator(5), otherCompressed);

        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotPossessed.selector, validator(5)));
        check(validator(5), key, otherPossession, consent);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NotPossessed.selector, validator(5)));
        check(validator(5), otherKey, otherPossession, withOther);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NoConsent.selector, validator(5)));
        check(validator(5), otherKey, otherPossession, consent);
        bytes memory toAnother = consentOf(5, operator(6), compressed);
        vm.expectRevert(abi.encodeWithSelector(IStakingProofs.NoConsent.selector, validator(5)));
        check(validator(5), key, possession, toAnother);
        check(validator(5), key, possession, consent);
    }

    function test_WhatIsNoPointOfTheSubgroupIsRefused() public {
        bytes memory infinity = new bytes(128);
        bytes memory compressed = bytes.concat(hex"80", new bytes(47));
        bytes memory consent = consentOf(5, operator(5), compressed);
        vm.expectRevert(Bls12381.KeyAtInfinity.selector);
        check(validator(5), infinity, new bytes(256), consent);
        (bytes memory real, bytes memory key, bytes memory possession) = BlsFixtures.proofOf(5);
        consent = consentOf(5, operator(5), real);
        vm.expectRevert(abi.encodeWithSelector(Bls12381.NotAPoint.selector, 255));
        check(validator(5), key, new bytes(255), consent);
        vm.expectRevert(abi.encodeWithSelector(Bls12381.NotAPoint.selector, 127));
        check(validator(5), new bytes(127), possession, consent);
        possession[255] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0f)));
        check(validator(5), key, possession, consent);
    }

    function test_TwoStatementsOfOneKindInOneRoundConvict() public {
        convict(1, 990);
        staking.slashDuplicate(prevote(2, 990, 1, "a", 0), prevote(2, 990, 1, "a", 1));
        Statement memory first = signed(3, Statement(Kind.Proposal, 990, 1, "a", 0, ""));
        Statement memory second = signed(3, Statement(Kind.Proposal, 990, 1, "b", 0, ""));
        staking.slashDuplicate(first, second);
        staking.slashDuplicate(precommit(4, 990, 1, 0), precommit(4, 990, 1, "b"));
        for (uint256 i = 1; i <= 4; i++) require(staking.validatorOf(validator(i)).isTombstoned, "convicted");
    }

    function refuse(Statement memory first, Statement memory second) private {
        vm.expectRevert(IStakingProofs.NoFault.selector);
        staking.slashDuplicate(first, second);
    }

    function test_WhatHonestValidatorsSignConvictsNobody() public {
        refuse(precommit(1, 990, 0, "a"), precommit(1, 990, 0, "a"));
        refuse(precommit(1, 990, 0, "a"), precommit(1, 991, 0, "b"));
        refuse(precommit(1, 990, 0, "a"), precommit(1, 990, 1, "b"));
        refuse(precommit(1, 990, 0, "a"), prevote(1, 990, 0, "b", 0));
        refuse(precommit(1, 990, 0, "a"), precommit(2, 990, 0, "b"));
        Statement memory disguised = precommit(1, 990, 0, "a");
        disguised.validRoundPlusOne = 7;
        refuse(precommit(1, 990, 0, "a"), disguised);
    }

    function refuseAmnesia(Statement memory first, Statement memory second) private {
        vm.expectRevert(IStakingProofs.NoFault.selector);
        staking.slashAmnesia(first, second);
    }

    /// @dev Locked in round 2; an honest validator then prevotes nil, or with a proof of lock from round 2 on.
    function test_AmnesiaIsAPrevoteWithoutALaterLock() public {
        Statement memory lock = precommit(1, 990, 2, "a");
        refuseAmnesia(lock, prevote(1, 990, 3, "b", 3));
        refuseAmnesia(lock, prevote(1, 990, 3, 0, 0));
        refuseAmnesia(lock, prevote(1, 990, 2, "b", 0));
        refuseAmnesia(lock, prevote(1, 991, 3, "b", 0));
        refuseAmnesia(lock, prevote(2, 990, 3, "b", 0));
        refuseAmnesia(precommit(1, 990, 2, 0), prevote(1, 990, 3, "b", 0));
        refuseAmnesia(prevote(1, 990, 3, "b", 0), lock);
        staking.slashAmnesia(lock, prevote(1, 990, 3, "b", 2));
        require(staking.validatorOf(validator(1)).isTombstoned, "convicted");
        staking.slashAmnesia(precommit(2, 990, 2, "a"), prevote(2, 990, 9, "a", 0));
    }

    function test_EvidenceIsForThisChainAndItsTime() public {
        Statement memory first = precommit(1, 900, 0, "a");
        Statement memory second = precommit(1, 900, 0, "b");
        vm.chainId(31403);
        vm.expectPartialRevert(IStakingProofs.NoFault.selector);
        staking.slashDuplicate(first, second);
        vm.chainId(31402);
        vm.roll(1001);
        vm.expectRevert(abi.encodeWithSelector(Penalties.EvidenceExpired.selector, 900, 901));
        staking.slashDuplicate(first, second);
        first = precommit(1, 1002, 0, "a");
        second = precommit(1, 1002, 0, "b");
        vm.expectRevert(abi.encodeWithSelector(Penalties.EvidenceFromFuture.selector, 1002));
        staking.slashDuplicate(first, second);
        vm.roll(1002);
        staking.slashDuplicate(first, second);
        vm.expectRevert(abi.encodeWithSelector(Bonds.Convicted.selector, validator(1)));
        staking.slashDuplicate(first, second);
    }

    function test_EvidenceWaitsForTheGenesisId() public {
        staking.seed(chosen(Policy.Stake), 0);
        Statement memory first = precommit(1, 990, 0, "a");
        Statement memory second = precommit(1, 990, 0, "b");
        vm.expectRevert(Penalties.GenesisUnknown.selector);
        staking.slashDuplicate(first, second);
        vm.roll(256);
        vm.setBlockhash(0, keccak256("block 0"));
        staking.recordGenesis();
        bytes32 typeHash = keccak256("QuoinGenesis(uint256 chainId,bytes32 executionGenesis,bytes32 validatorsHash)");
        bytes32 id = keccak256(abi.encode(typeHash, 31402, keccak256("block 0"), keccak256("validators")));
        require(staking.genesisId() == id, "id");
        vm.expectRevert(Penalties.AlreadyRecorded.selector);
        staking.recordGenesis();
    }
}
