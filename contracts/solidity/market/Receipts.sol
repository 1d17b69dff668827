// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Predeploys} from "../Predeploys.sol";

interface IReceiptSigners {
    function isReceiptSigner(address provider, address signer) external view returns (bool);
}

/// @notice The proof of what was served: providers anchor the Merkle roots of their signed receipts,
/// epoch by epoch, and anyone checks a receipt's signature and its place under an anchor.
contract Receipts is EIP712 {
    /// What a provider signs once per paid call; its EIP-712 digest is the receipt's id.
    struct Receipt {
        bytes32 serviceId;
        bytes32 channelId;
        address payer;
        address provider;
        uint256 sequence;
        bytes32 requestHash;
        bytes32 responseHash;
        bytes32 modelCidHash;
        bytes32 runtimeId;
        uint256 unitsIn;
        uint256 unitsOut;
        uint128 amount;
        uint128 cumulative;
        /// Milliseconds since 1970.
        uint64 time;
        bytes32 idempotencyKeyHash;
    }

    struct Anchor {
        bytes32 root;
        uint64 count;
        /// Seconds.
        uint64 time;
        uint64 blockNumber;
    }

    event Anchored(address indexed provider, uint256 indexed epoch, bytes32 indexed root, uint64 count);

    error WrongEpoch(uint256 given, uint256 expected);
    error EmptyAnchor();

    bytes32 public constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 serviceId,bytes32 channelId,address payer,address provider,uint256 sequence,bytes32 requestHash,bytes32 responseHash,bytes32 modelCidHash,bytes32 runtimeId,uint256 unitsIn,uint256 unitsOut,uint128 amount,uint128 cumulative,uint64 time,bytes32 idempotencyKeyHash)"
    );

    /// @notice The number of anchors of a provider; its next epoch is one more.
    mapping(address provider => uint256) public epochs;
    mapping(address provider => mapping(uint256 epoch => Anchor)) public anchors;

    constructor() EIP712("Quoin Receipt", "1") {}

    /// @notice Anchors the caller's next batch. The epoch is named, so that a transaction that is sent
    /// twice cannot anchor twice; epochs count from 1 and are never written again.
    function anchor(uint256 epoch, bytes32 root, uint64 count) external {
        if (root == 0 || count == 0) revert EmptyAnchor();
        uint256 expected = epochs[msg.sender] + 1;
        if (epoch != expected) revert WrongEpoch(epoch, expected);
        epochs[msg.sender] = epoch;
        anchors[msg.sender][epoch] = Anchor(root, count, uint64(block.timestamp), uint64(block.number));
        emit Anchored(msg.sender, epoch, root, count);
    }

    /// @notice Whether a receipt is under a provider's anchor.
    /// @param path Sorted-pair path of a StandardMerkleTree of ['bytes32'] over receipt ids.
    function verify(address provider, uint256 epoch, bytes32 receiptId, bytes32[] calldata path)
        public
        view
        returns (bool)
    {
        bytes32 root = anchors[provider][epoch].root;
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(receiptId))));
        return root != 0 && MerkleProof.verifyCalldata(path, root, leaf);
    }

    /// @notice The receipt's id: its EIP-712 digest.
    function getReceiptId(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    /// @notice Whether the provider named in the receipt signed it, with its own key or a registered one.
    function isSigned(Receipt calldata receipt, bytes calldata signature) public view returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(getReceiptId(receipt), signature);
        if (failure != ECDSA.RecoverError.NoError) return false;
        if (signer == receipt.provider) return true;
        return Predeploys.REGISTRY.code.length != 0
            && IReceiptSigners(Predeploys.REGISTRY).isReceiptSigner(receipt.provider, signer);
    }

    /// @notice Whether a receipt is signed and anchored: the whole check in one call.
    function verifyReceipt(
        Receipt calldata receipt,
        bytes calldata signature,
        uint256 epoch,
        bytes32[] calldata path
    ) external view returns (bool) {
        return isSigned(receipt, signature) && verify(receipt.provider, epoch, getReceiptId(receipt), path);
    }
}
