// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Bls12381} from "./Bls12381.sol";
import {IStakingProofs, Kind, Statement} from "./IStakingProofs.sol";
import {Rlp} from "./Rlp.sol";

/// @notice What can be proven about a validator to anyone. Stateless: the Staking contract calls it, and so
/// may everyone else. Digests are those of packages/headers/src/signing.ts.
contract StakingProofs is IStakingProofs {
    using Rlp for bytes;

    bytes32 private constant PROPOSAL = keccak256(
        "QuoinProposal(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id,uint32 validRoundPlusOne)"
    );
    bytes32 private constant PREVOTE = keccak256(
        "QuoinPrevote(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id,uint32 validRoundPlusOne)"
    );
    bytes32 private constant PRECOMMIT =
        keccak256("QuoinPrecommit(uint256 chainId,bytes32 genesisId,uint64 height,uint32 round,bytes32 id)");
    bytes32 private constant POSSESSION =
        keccak256("QuoinBlsPossession(uint256 chainId,address validator,bytes32 blsPublicKeyHash)");
    bytes32 private constant REGISTRATION = keccak256(
        "QuoinRegistration(uint256 chainId,address staking,address validator,address operator,bytes32 blsPublicKeyHash)"
    );
    bytes32 private constant GENESIS =
        keccak256("QuoinGenesis(uint256 chainId,bytes32 executionGenesis,bytes32 validatorsHash)");
    /// @dev Hashes of the last 8191 blocks (EIP-2935).
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes32 private constant HEADER_DOMAIN = "quoin/block/1";
    /// @dev Fields of an execution header, and items of a consensus header after its domain string.
    uint256 private constant NUMBER = 8;
    uint256 private constant PARENT_BEACON_BLOCK_ROOT = 19;
    uint256 private constant HEIGHT = 2;
    uint256 private constant ABSENT = 13;

    /// @inheritdoc IStakingProofs
    function checkKeys(
        address validator,
        address operator,
        bytes calldata blsKey,
        bytes calldata possession,
        bytes calldata consent
    ) external view returns (bytes32 high, bytes16 low) {
        if (blsKey.length != 128) revert Bls12381.NotAPoint(blsKey.length);
        (high, low) = Bls12381.compress(blsKey);
        bytes32 keyHash = keccak256(bytes.concat(high, low));
        bytes32 agreed = keccak256(abi.encode(REGISTRATION, block.chainid, msg.sender, validator, operator, keyHash));
        if (ECDSA.recoverCalldata(agreed, consent) != validator) revert NoConsent(validator);
        bytes32 possessed = keccak256(abi.encode(POSSESSION, block.chainid, validator, keyHash));
        if (!Bls12381.verify(blsKey, possessed, possession)) revert NotPossessed(validator);
    }

    /// @inheritdoc IStakingProofs
    function accusedOfDuplicate(bytes32 genesisId, Statement calldata first, Statement calldata second)
        external
        view
        returns (address validator, uint64 height)
    {
        if (first.kind != second.kind || first.height != second.height || first.round != second.round) revert NoFault();
        bytes32 digest = digestOf(genesisId, first);
        bytes32 other = digestOf(genesisId, second);
        if (digest == other) revert NoFault();
        return (_signer(digest, first, other, second), first.height);
    }

    /// @inheritdoc IStakingProofs
    function accusedOfAmnesia(bytes32 genesisId, Statement calldata precommit, Statement calldata prevote)
        external
        view
        returns (address validator, uint64 height)
    {
        bool isFault = precommit.kind == Kind.Precommit && prevote.kind == Kind.Prevote
            && precommit.height == prevote.height && precommit.id != 0 && prevote.id != 0
            && precommit.round < prevote.round && prevote.validRoundPlusOne <= precommit.round;
        if (!isFault) revert NoFault();
        bytes32 digest = digestOf(genesisId, precommit);
        return (_signer(digest, precommit, digestOf(genesisId, prevote), prevote), precommit.height);
    }

    /// @inheritdoc IStakingProofs
    function absenceIn(bytes calldata executionHeader, bytes calldata consensusHeader)
        external
        view
        returns (uint64 height, address[] memory absent)
    {
        uint256 number = executionHeader.word(NUMBER);
        if (keccak256(executionHeader) != blockHash(number)) revert NotOurBlock(number);
        if (bytes32(executionHeader.word(PARENT_BEACON_BLOCK_ROOT)) != keccak256(consensusHeader)) {
            revert NotOurHeader(number);
        }
        if (consensusHeader.word(0) != uint256(HEADER_DOMAIN) >> (8 * 19)) revert NotOurHeader(number);
        return (uint64(consensusHeader.word(HEIGHT)), consensusHeader.addresses(ABSENT));
    }

    /// @inheritdoc IStakingProofs
    function genesisIdOf(bytes32 validatorsHash) external view returns (bytes32) {
        return keccak256(abi.encode(GENESIS, block.chainid, blockHash(0), validatorsHash));
    }

    function digestOf(bytes32 genesisId, Statement calldata statement) public view returns (bytes32) {
        (uint64 height, uint32 round, bytes32 id) = (statement.height, statement.round, statement.id);
        if (statement.kind == Kind.Precommit) {
            return keccak256(abi.encode(PRECOMMIT, block.chainid, genesisId, height, round, id));
        }
        bytes32 typeHash = statement.kind == Kind.Proposal ? PROPOSAL : PREVOTE;
        uint32 validRoundPlusOne = statement.validRoundPlusOne;
        return keccak256(abi.encode(typeHash, block.chainid, genesisId, height, round, id, validRoundPlusOne));
    }

    /// @notice Of a block before this one, at most 8191 back.
    function blockHash(uint256 number) public view returns (bytes32 hash) {
        hash = blockhash(number);
        if (hash != 0) return hash;
        (bool success, bytes memory output) = HISTORY.staticcall(abi.encode(number));
        if (!success || output.length != 32) revert BlockTooOld(number);
        hash = abi.decode(output, (bytes32));
        if (hash == 0) revert BlockTooOld(number);
    }

    function _signer(bytes32 digest, Statement calldata first, bytes32 other, Statement calldata second)
        private
        pure
        returns (address signer)
    {
        signer = ECDSA.recoverCalldata(digest, first.signature);
        if (signer != ECDSA.recoverCalldata(other, second.signature)) revert NoFault();
    }
}
