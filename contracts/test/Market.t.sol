// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../solidity/Predeploys.sol";
import {ArtifactKind} from "../solidity/market/IRegistry.sol";
import {Receipts} from "../solidity/market/Receipts.sol";
import {Registry} from "../solidity/market/Registry.sol";
import {Base} from "./Base.sol";

contract RegistryTest is Base {
    Registry private constant registry = Registry(Predeploys.REGISTRY);

    function setUp() public {
        deployAll();
        registry.registerProvider("https://here", receiver);
    }

    function test_AnArtifactIsNamedByItsCid() public {
        bytes32 data = publish("bafydata");
        require(data == keccak256("bafydata"), "id");
        Registry.Artifact memory entry = registry.artifact(data);
        require(entry.owner == address(this) && entry.parents.length == 0, "entry");
        require(registry.ownerOf(data) == address(this), "owner");
        assertEq(entry.publishedAt, START, "time");
    }

    function test_AnArtifactIsPublishedOnce() public {
        bytes32 id = publish("bafy");
        vm.expectRevert(abi.encodeWithSelector(Registry.AlreadyExists.selector, id));
        publish("bafy");
        vm.expectPartialRevert(Registry.TextLength.selector);
        publish("");
        vm.expectPartialRevert(Registry.TextLength.selector);
        publish(string(new bytes(257)));
    }

    function test_OnlyTheOwnerChangesOrTransfersAnArtifact() public {
        bytes32 id = publish("bafy");
        vm.expectPartialRevert(Registry.NotOwner.selector);
        vm.prank(stranger);
        registry.setArtifactTerms(id, "mine");
        registry.transferArtifact(id, stranger);
        vm.expectPartialRevert(Registry.NotOwner.selector);
        registry.setArtifactTerms(id, "still mine");
        vm.prank(stranger);
        registry.setArtifactTerms(id, "now mine");
        require(keccak256(bytes(registry.artifact(id).terms)) == keccak256("now mine"), "terms");
    }

    function test_AServiceIsItsProvidersAlone() public {
        bytes32 artifact = publish("bafy");
        bytes32 id = register("embed", artifact);
        require(id == registry.serviceId(address(this), artifact, "embed"), "id");
        require(registry.service(id).active, "active");
        vm.expectRevert(abi.encodeWithSelector(Registry.AlreadyExists.selector, id));
        register("embed", artifact);
        Registry.Price memory dearer = price();
        dearer.output = 9;
        vm.expectPartialRevert(Registry.NotOwner.selector);
        vm.prank(stranger);
        registry.changeService(id, false, dearer, 0);
        registry.changeService(id, false, dearer, bytes32(uint256(5)));
        Registry.Service memory entry = registry.service(id);
        require(!entry.active && entry.price.output == 9 && entry.split == bytes32(uint256(5)), "changed");
    }

    function test_AServiceNeedsAProviderAnArtifactAndAPrice() public {
        bytes32 artifact = publish("bafy");
        vm.expectRevert(abi.encodeWithSelector(Registry.UnknownProvider.selector, stranger));
        vm.prank(stranger);
        registry.registerService("embed", artifact, 0, Registry.Verification.Signed, price(), 0);
        vm.expectRevert(abi.encodeWithSelector(Registry.UnknownArtifact.selector, bytes32(0)));
        register("embed", 0);
        Registry.Price memory free = price();
        free.unitSize = 0;
        vm.expectRevert(abi.encodeWithSelector(Registry.ZeroValue.selector, "unitSize"));
        registry.registerService("embed", artifact, 0, Registry.Verification.Signed, free, 0);
    }

    function test_FormerReceiptSignersStayValidUntilRevoked() public {
        registry.registerProvider("https://here", stranger);
        require(registry.isReceiptSigner(address(this), receiver), "former");
        require(registry.isReceiptSigner(address(this), stranger), "current");
        require(registry.isReceiptSigner(address(this), address(this)), "own account");
        registry.revokeReceiptSigner(receiver);
        require(!registry.isReceiptSigner(address(this), receiver), "revoked");
        vm.expectRevert(abi.encodeWithSelector(Registry.CurrentReceiptSigner.selector, stranger));
        registry.revokeReceiptSigner(stranger);
    }

    function testFuzz_OnlyTheOwnerWritesAnEntry(address other, string calldata text) public {
        vm.assume(other != address(this) && bytes(text).length <= 256);
        bytes32 artifact = publish("bafy");
        bytes32 id = register("embed", artifact);
        vm.expectPartialRevert(Registry.NotOwner.selector);
        vm.prank(other);
        registry.setArtifactTerms(artifact, text);
        vm.expectPartialRevert(Registry.NotOwner.selector);
        vm.prank(other);
        registry.transferArtifact(artifact, address(0x1));
        vm.expectPartialRevert(Registry.NotOwner.selector);
        vm.prank(other);
        registry.changeService(id, false, price(), 0);
        registry.setArtifactTerms(artifact, text);
        require(keccak256(bytes(registry.artifact(artifact).terms)) == keccak256(bytes(text)), "terms");
    }

    function testFuzz_TwoServicesNeverShareAnId(string calldata first, string calldata second) public view {
        vm.assume(keccak256(bytes(first)) != keccak256(bytes(second)));
        require(registry.serviceId(address(1), 0, first) != registry.serviceId(address(1), 0, second), "names");
        require(registry.serviceId(address(1), 0, first) != registry.serviceId(address(2), 0, first), "providers");
    }

    function publish(string memory cid) private returns (bytes32) {
        return registry.publishArtifact(cid, ArtifactKind.Model, "Apache-2.0");
    }

    function register(string memory name, bytes32 artifact) private returns (bytes32) {
        return registry.registerService(name, artifact, 0, Registry.Verification.Deterministic, price(), 0);
    }

    function price() private pure returns (Registry.Price memory) {
        return Registry.Price(Predeploys.CREDIT, 2, 6, 0, 1000, "token");
    }
}

contract ReceiptsTest is Base {
    Receipts private constant receipts = Receipts(Predeploys.RECEIPTS);

    function setUp() public {
        deployAll();
    }

    function test_EpochsCountFromOneAndAreNeverWrittenAgain() public {
        receipts.anchor(1, keccak256("one"), 10);
        vm.expectRevert(abi.encodeWithSelector(Receipts.WrongEpoch.selector, 1, 2));
        receipts.anchor(1, keccak256("other"), 10);
        vm.expectRevert(abi.encodeWithSelector(Receipts.WrongEpoch.selector, 3, 2));
        receipts.anchor(3, keccak256("three"), 10);
        receipts.anchor(2, keccak256("two"), 20);
        (bytes32 root, uint64 count,,) = receipts.anchors(address(this), 1);
        require(root == keccak256("one") && count == 10, "the first is as it was");
        vm.prank(stranger);
        receipts.anchor(1, keccak256("a stranger's first"), 1);
        assertEq(receipts.epochs(address(this)), 2, "epochs");
    }

    function test_NothingIsNoAnchor() public {
        vm.expectRevert(Receipts.EmptyAnchor.selector);
        receipts.anchor(1, 0, 1);
        vm.expectRevert(Receipts.EmptyAnchor.selector);
        receipts.anchor(1, keccak256("root"), 0);
        require(!receipts.verify(address(this), 1, 0, new bytes32[](0)), "nothing is anchored");
    }

    function test_ASignedReceiptUnderAnAnchorIsVerified() public {
        Receipts.Receipt memory receipt = example();
        bytes32 id = receipts.getReceiptId(receipt);
        bytes32[] memory path = new bytes32[](1);
        path[0] = leafOf(keccak256("another receipt"));
        anchorPair(leafOf(id), path[0]);
        bytes memory signature = sign(RECEIVER_KEY, id);
        require(receipts.verifyReceipt(receipt, signature, 1, path), "verified");
        require(!receipts.verifyReceipt(receipt, sign(STRANGER_KEY, id), 1, path), "wrong signer");
        require(!receipts.verifyReceipt(receipt, hex"00", 1, path), "no signature");
        require(!receipts.verifyReceipt(receipt, signature, 2, path), "wrong epoch");
        receipt.amount += 1;
        require(!receipts.isSigned(receipt, signature), "forged amount");
    }

    function test_AKeyThatTheProviderRegisteredSignsForIt() public {
        Receipts.Receipt memory receipt = example();
        bytes memory signature = sign(SESSION_KEY, receipts.getReceiptId(receipt));
        require(!receipts.isSigned(receipt, signature), "unknown key");
        vm.prank(receiver);
        Registry(Predeploys.REGISTRY).registerProvider("https://here", vm.addr(SESSION_KEY));
        require(receipts.isSigned(receipt, signature), "registered key");
    }

    function testFuzz_AChangedReceiptHasAnotherId(uint8 field, uint256 change) public view {
        Receipts.Receipt memory receipt = example();
        bytes32 id = receipts.getReceiptId(receipt);
        bytes32 word;
        uint256 offset = 32 * (uint256(field) % 15);
        assembly {
            word := mload(add(receipt, offset))
        }
        // Within 64 bits, which every field has.
        uint256 changed = uint256(word) ^ bound(change, 1, type(uint64).max);
        assembly {
            mstore(add(receipt, offset), changed)
        }
        require(receipts.getReceiptId(receipt) != id, "every field is bound");
    }

    function example() private view returns (Receipts.Receipt memory receipt) {
        receipt.serviceId = keccak256("service");
        receipt.payer = payer;
        receipt.provider = receiver;
        receipt.sequence = 1;
        receipt.amount = 250;
        receipt.cumulative = 250;
        receipt.time = 1_800_000_000_000;
    }

    function anchorPair(bytes32 a, bytes32 b) private {
        bytes32 root = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        vm.prank(receiver);
        receipts.anchor(1, root, 2);
    }

    function leafOf(bytes32 id) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(id))));
    }
}
