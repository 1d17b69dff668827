// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Licences} from "../../solidity/licences/Licences.sol";
import {Authorization, Order, Terms} from "../../solidity/licences/LicenceTypes.sol";
import {Purposes} from "../../solidity/licences/Purposes.sol";
import {Job, Output} from "../../solidity/market/ILineage.sol";
import {ArtifactKind} from "../../solidity/market/IRegistry.sol";
import {Lineage} from "../../solidity/market/Lineage.sol";
import {Registry} from "../../solidity/market/Registry.sol";
import {Splitter} from "../../solidity/market/Splitter.sol";
import {Predeploys} from "../../solidity/Predeploys.sol";
import {Base} from "../Base.sol";

/// @notice A data owner, a trainer and a runner, and short words for what they do.
abstract contract LicenceBase is Base {
    Licences internal constant licences = Licences(Predeploys.LICENCES);
    Lineage internal constant lineage = Lineage(Predeploys.LINEAGE);
    Registry internal constant registry = Registry(Predeploys.REGISTRY);
    Splitter internal constant splitter = Splitter(Predeploys.SPLITTER);

    uint256 internal constant OWNER_KEY = 0x0111E2;
    uint256 internal constant RUNNER_KEY = 0x207;
    bytes32 internal constant PUBLIC_KEY = keccak256("an X25519 key");

    address internal owner = vm.addr(OWNER_KEY);
    address internal runner = vm.addr(RUNNER_KEY);

    function deployMarket() internal {
        deployAll();
        vm.prank(runner);
        registry.registerProvider("https://runner", runner);
    }

    function terms(uint8 purposes, uint16 royalty, uint96 price) internal pure returns (Terms memory made) {
        made.purposes = purposes;
        made.royalty = royalty;
        made.price = price;
        made.token = Predeploys.CREDIT;
        made.text = keccak256("You may.");
    }

    function publish(address account, string memory cid) internal returns (bytes32) {
        vm.prank(account);
        return registry.publishArtifact(cid, ArtifactKind.DataSet, "");
    }

    function openOffer(address account, bytes32 artifact, Terms memory made) internal returns (uint256 id) {
        vm.prank(account);
        return licences.openOffer(artifact, made);
    }

    function orderOf(uint256 id, address holder) internal pure returns (Order memory) {
        return Order(id, holder, 1, PUBLIC_KEY);
    }

    /// @dev Mints the price and buys from the holder's own account.
    function buy(uint256 id, address holder) internal {
        Terms memory made = licences.offer(id).terms;
        credit.mint(holder, made.price);
        vm.startPrank(holder);
        credit.approve(address(licences), made.price);
        licences.buy(orderOf(id, holder));
        vm.stopPrank();
    }

    function authorize(Order memory order, uint256 key, uint256 price) internal view returns (Authorization memory) {
        uint256 validBefore = block.timestamp + 1 hours;
        bytes32 content = keccak256(
            abi.encode(
                credit.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                order.holder,
                address(licences),
                price,
                uint256(0),
                validBefore,
                licences.orderNonce(order, bytes32(uint256(7)))
            )
        );
        bytes memory signature = sign(key, typed(credit.DOMAIN_SEPARATOR(), content));
        return Authorization(0, validBefore, bytes32(uint256(7)), signature);
    }

    function jobOf(address publisher, bytes32[] memory inputs, bytes32 output) internal view returns (Job memory job) {
        job.declaration = keccak256("declaration");
        job.runner = runner;
        job.outputs = new Output[](1);
        job.outputs[0] = Output(output, ArtifactKind.Model);
        job.signature = signJob(RUNNER_KEY, publisher, inputs, job);
    }

    function signJob(uint256 key, address publisher, bytes32[] memory inputs, Job memory job)
        internal
        view
        returns (bytes memory)
    {
        return
            sign(key, lineage.getJobResultDigest(job.declaration, publisher, job.runner, inputs, job.outputs));
    }

    function derive(address publisher, string memory cid, bytes32[] memory parents) internal returns (bytes32) {
        Job memory job = jobOf(publisher, parents, keccak256(bytes(cid)));
        vm.prank(publisher);
        return registry.publishDerived(cid, ArtifactKind.Model, "", parents, job);
    }

    function list(bytes32 one) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = one;
    }

    function list(bytes32 one, bytes32 two) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](2);
        (ids[0], ids[1]) = (one, two);
    }

    function serviceOf(address provider, bytes32 artifact) internal returns (bytes32) {
        vm.startPrank(provider);
        registry.registerProvider("https://there", provider);
        Registry.Price memory price = Registry.Price(Predeploys.CREDIT, 2, 6, 0, 1000, "token");
        bytes32 id = registry.registerService("serve", artifact, 0, Registry.Verification.Signed, price, 0);
        vm.stopPrank();
        return registry.service(id).split;
    }

    function owedTo(bytes32 splitId, bytes32 payee) internal view returns (uint256) {
        return splitter.owed(splitId, address(credit), payee);
    }

    uint8 internal constant FULL = Purposes.ALL;
}
