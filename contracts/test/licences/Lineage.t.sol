// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Terms} from "../../solidity/licences/LicenceTypes.sol";
import {Purposes} from "../../solidity/licences/Purposes.sol";
import {Job, Output} from "../../solidity/market/ILineage.sol";
import {ArtifactKind} from "../../solidity/market/IRegistry.sol";
import {Lineage} from "../../solidity/market/Lineage.sol";
import {Registry} from "../../solidity/market/Registry.sol";
import {Predeploys} from "../../solidity/Predeploys.sol";
import {LicenceBase} from "./LicenceBase.sol";

contract LineageTest is LicenceBase {
    bytes32 private data;

    function setUp() public {
        deployMarket();
        data = publish(owner, "data");
    }

    function test_ADerivationNeedsARightToEachParent() public {
        bytes32 other = publish(stranger, "other");
        grant(data, Purposes.TRAIN | Purposes.DOWNLOAD, 100);
        bytes4 missing = Lineage.RightMissing.selector;
        Job memory job = jobOf(payer, list(data, other), keccak256("model"));
        vm.expectRevert(abi.encodeWithSelector(missing, payer, other, Purposes.DERIVE | Purposes.TRAIN));
        vm.prank(payer);
        registry.publishDerived("model", ArtifactKind.Model, "", list(data, other), job);
        job = jobOf(payer, list(data), keccak256("model"));
        bytes4 otherKind = Lineage.NotAnOutput.selector;
        vm.expectRevert(abi.encodeWithSelector(otherKind, keccak256("model"), ArtifactKind.DataSet));
        vm.prank(payer);
        registry.publishDerived("model", ArtifactKind.DataSet, "", list(data), job);
        job.outputs[0].kind = ArtifactKind.DataSet;
        vm.expectPartialRevert(Lineage.InvalidJobSignature.selector);
        vm.prank(payer);
        registry.publishDerived("model", ArtifactKind.DataSet, "", list(data), job);
        job.signature = signJob(RUNNER_KEY, payer, list(data), job);
        vm.expectRevert(abi.encodeWithSelector(missing, payer, data, Purposes.DERIVE));
        vm.prank(payer);
        registry.publishDerived("model", ArtifactKind.DataSet, "", list(data), job);
        bytes32 model = derive(payer, "model", list(data));
        require(registry.artifact(model).parents[0] == data, "parents");
        assertEq(lineage.derivationOf(model).depth, 1, "depth");
        assertEq(lineage.shareOf(model, data), 100, "share");
    }

    function test_ARightThatIsOverGivesNothing() public {
        Terms memory made = terms(FULL, 0, 0);
        made.duration = 1 days;
        buy(openOffer(owner, data, made), payer);
        vm.warp(block.timestamp + 1 days);
        expectRefused(payer, list(data), RUNNER_KEY, Lineage.RightMissing.selector);
    }

    function test_OwnersNeedNoRightAndOweNothing() public {
        bytes32 model = derive(owner, "model", list(data));
        assertEq(lineage.totalOf(model), 0, "total");
        assertEq(lineage.payeesOf(model).length, 0, "payees");
    }

    function test_ALineageWithoutARunIsRefused() public {
        grant(data, FULL, 0);
        bytes4 invalid = Lineage.InvalidJobSignature.selector;
        expectRefused(payer, list(data), STRANGER_KEY, invalid);
        Job memory job = jobOf(payer, list(data), keccak256("model"));
        job.declaration = keccak256("another declaration");
        expectRefused(payer, list(data), job, invalid);
        job = jobOf(stranger, list(data), keccak256("model"));
        expectRefused(payer, list(data), job, invalid);
        job = jobOf(payer, list(data), keccak256("something else"));
        expectRefused(payer, list(data), job, Lineage.NotAnOutput.selector);
        job = jobOf(payer, list(data), keccak256("model"));
        job.signature = "";
        expectRefused(payer, list(data), job, invalid);
        job.runner = stranger;
        job.signature = signJob(STRANGER_KEY, payer, list(data), job);
        expectRefused(payer, list(data), job, Lineage.UnknownRunner.selector);
    }

    function test_AJobHasAtMostSixtyFourOutputs() public {
        Job memory job = jobOf(owner, list(data), keccak256("model"));
        Output memory first = job.outputs[0];
        job.outputs = new Output[](65);
        job.outputs[64] = first;
        job.signature = signJob(RUNNER_KEY, owner, list(data), job);
        expectRefused(owner, list(data), job, Lineage.OutputCount.selector);
    }

    function test_InputsAreSignedInTheirOrder() public {
        bytes32 other = publish(owner, "other");
        Job memory job = jobOf(owner, list(data, other), keccak256("model"));
        expectRefused(owner, list(other, data), job, Lineage.InvalidJobSignature.selector);
        expectRefused(owner, list(data), job, Lineage.InvalidJobSignature.selector);
    }

    function test_ARevokedKeySignsNoMore() public {
        Job memory job = jobOf(owner, list(data), keccak256("model"));
        job.signature = signJob(STRANGER_KEY, owner, list(data), job);
        vm.startPrank(runner);
        registry.registerProvider("https://runner", stranger);
        registry.registerProvider("https://runner", runner);
        registry.revokeReceiptSigner(stranger);
        vm.stopPrank();
        expectRefused(owner, list(data), job, Lineage.InvalidJobSignature.selector);
    }

    function test_ParentsExistAndAreDistinctAndNotTooMany() public {
        expectRefused(owner, list(keccak256("nothing")), RUNNER_KEY, Lineage.UnknownArtifact.selector);
        expectRefused(owner, list(data, data), RUNNER_KEY, Lineage.RepeatedParent.selector);
        expectRefused(owner, new bytes32[](0), RUNNER_KEY, Lineage.ParentCount.selector);
        expectRefused(owner, new bytes32[](33), RUNNER_KEY, Lineage.ParentCount.selector);
        expectRefused(owner, list(keccak256("model")), RUNNER_KEY, Lineage.UnknownArtifact.selector);
        bytes32 model = derive(owner, "model", list(data));
        Job memory job = jobOf(owner, list(data), model);
        vm.expectRevert(abi.encodeWithSelector(Registry.AlreadyExists.selector, model));
        vm.prank(owner);
        registry.publishDerived("model", ArtifactKind.Model, "", list(data), job);
    }

    function test_OnlyTheRegistryRecords() public {
        Job memory job = jobOf(owner, list(data), keccak256("model"));
        vm.expectRevert(abi.encodeWithSelector(Lineage.NotRegistry.selector, owner));
        vm.prank(owner);
        lineage.record(keccak256("model"), owner, ArtifactKind.Model, list(data), job);
    }

    /// @dev Who may not have the data outside lets the job run where the data is.
    function test_WithoutTheRightToDownloadTheOwnersSideRuns() public {
        grant(data, Purposes.TRAIN, 0);
        expectRefused(payer, list(data), RUNNER_KEY, Lineage.NotForDownload.selector);
        vm.prank(owner);
        licences.setCustodian(data, runner, true);
        derive(payer, "model", list(data));
        vm.prank(owner);
        licences.setCustodian(data, runner, false);
        expectRefused(payer, list(data), RUNNER_KEY, Lineage.NotForDownload.selector);
    }

    function test_AUseThatWasSpentOnTheJobCounts() public {
        Terms memory made = terms(Purposes.TRAIN | Purposes.DOWNLOAD, 200, 5);
        made.perUse = true;
        uint256 id = openOffer(owner, data, made);
        buy(id, payer);
        expectRefused(payer, list(data), RUNNER_KEY, Lineage.RightMissing.selector);
        vm.prank(payer);
        licences.spend(id, keccak256("declaration"));
        bytes32 model = derive(payer, "model", list(data));
        assertEq(lineage.shareOf(model, data), 200, "share");
        Job memory job = jobOf(payer, list(data), keccak256("another"));
        job.declaration = keccak256("another job");
        job.signature = signJob(RUNNER_KEY, payer, list(data), job);
        vm.expectPartialRevert(Lineage.RightMissing.selector);
        vm.prank(payer);
        registry.publishDerived("another", ArtifactKind.Model, "", list(data), job);
    }

    function test_TheCheapestRightIsUsed() public {
        grant(data, FULL, 900);
        grant(data, FULL, 300);
        grant(data, FULL, 600);
        assertEq(lineage.shareOf(derive(payer, "model", list(data)), data), 300, "share");
    }

    function test_SharesAreInheritedAtAnyDistanceAndCannotBeDiluted() public {
        grant(data, FULL, 1000);
        bytes32 last = derive(payer, "0", list(data));
        for (uint256 i = 1; i < 16; i++) last = derive(payer, decimal(i), list(last));
        assertEq(lineage.derivationOf(last).depth, 16, "depth");
        assertEq(lineage.shareOf(last, data), 1000, "share");
        expectRefused(payer, list(last), RUNNER_KEY, Lineage.TooDeep.selector);
    }

    function test_AnAncestorOnSeveralWaysHasItsLargestShareOnce() public {
        grant(data, FULL, 700);
        bytes32 left = derive(payer, "left", list(data));
        grant(data, FULL, 300);
        bytes32 right = derive(payer, "right", list(data));
        bytes32 model = derive(payer, "both", list(right, left));
        assertEq(lineage.shareOf(model, data), 700, "share");
        assertEq(lineage.totalOf(model), 700, "total");
        assertEq(lineage.payeesOf(model).length, 1, "payees");
        assertEq(lineage.totalOf(derive(payer, "in another order", list(left, right))), 700, "order");
    }

    function test_SharesTogetherAreAtMostTheWhole() public {
        bytes32 other = publish(stranger, "other");
        grant(data, FULL, 6000);
        buy(openOffer(stranger, other, terms(FULL, 4001, 0)), payer);
        expectRefused(payer, list(data, other), RUNNER_KEY, Lineage.SharesExceedWhole.selector);
        buy(openOffer(stranger, other, terms(FULL, 4000, 0)), payer);
        assertEq(lineage.totalOf(derive(payer, "model", list(data, other))), 10_000, "total");
    }

    function test_AnOfferThatNobodyCouldUseIsRefused() public {
        grant(data, FULL, 6000);
        bytes32 model = derive(payer, "model", list(data));
        vm.expectRevert(abi.encodeWithSignature("InvalidTerms(string)", "royalty"));
        openOffer(payer, model, terms(FULL, 4001, 0));
        openOffer(payer, model, terms(FULL, 4000, 0));
    }

    function test_SixtyTwoAncestorsShareAndNoMore() public {
        bytes32 left = derive(payer, "left", roots("l", 31));
        bytes32 right = derive(payer, "right", roots("r", 31));
        bytes32 model = derive(payer, "both", list(left, right));
        assertEq(lineage.payeesOf(model).length, 62, "payees");
        bytes32 more = roots("m", 1)[0];
        expectRefused(payer, list(model, more), RUNNER_KEY, Lineage.TooManyPayees.selector);
    }

    function test_WhoServesAnothersArtifactNeedsTheRightToUseIt() public {
        bytes32 plain = serviceOf(payer, data);
        require(plain == 0, "what nobody offers is served freely");
        openOffer(owner, data, terms(Purposes.USE, 2500, 0));
        vm.expectPartialRevert(Lineage.RightMissing.selector);
        this.serve(stranger, data);
        buy(licences.offerId(data, 1), stranger);
        bytes32 splitId = serviceOf(stranger, data);
        require(splitId == splitter.getLineageSplitId(data, 2500, stranger), "split");
        credit.mint(splitter.tillOf(splitId), 10_000);
        splitter.collect(splitId, address(credit));
        assertEq(owedTo(splitId, data), 2500, "the owner's royalty");
        assertEq(owedTo(splitId, splitter.payeeOf(stranger)), 7500, "who serves");
        require(serviceOf(owner, data) == 0, "the owner keeps all");
    }

    function test_TheSplitOfALineageCannotBeChanged() public {
        grant(data, FULL, 500);
        bytes32 model = derive(payer, "model", list(data));
        bytes32 splitId = serviceOf(payer, model);
        bytes32 id = registry.serviceId(payer, model, "serve");
        Registry.Price memory price = registry.service(id).price;
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(Registry.SplitFixed.selector, id, splitId));
        registry.changeService(id, true, price, keccak256("mine"));
        registry.changeService(id, false, price, 0);
        require(registry.service(id).split == splitId && !registry.service(id).active, "split");
        vm.expectPartialRevert(Registry.SplitFixed.selector);
        registry.registerService("other", model, 0, Registry.Verification.Signed, price, keccak256("mine"));
        vm.stopPrank();
    }

    function test_ASoldArtifactsShareGoesToItsNewOwner() public {
        grant(data, FULL, 500);
        bytes32 splitId = serviceOf(payer, derive(payer, "model", list(data)));
        credit.mint(splitter.tillOf(splitId), 10_000);
        splitter.collect(splitId, address(credit));
        vm.prank(owner);
        registry.transferArtifact(data, stranger);
        splitter.withdraw(list(splitId), address(credit), data);
        assertEq(credit.balanceOf(stranger), 500, "new owner");
        assertEq(credit.balanceOf(owner), 0, "old owner");
    }

    /// @dev For use with expectPartialRevert, which looks at the next call.
    function serve(address provider, bytes32 artifact) external {
        vm.startPrank(provider);
        registry.registerProvider("https://there", provider);
        Registry.Price memory price = Registry.Price(Predeploys.CREDIT, 2, 6, 0, 1000, "token");
        registry.registerService("serve", artifact, 0, Registry.Verification.Signed, price, 0);
    }

    function grant(bytes32 artifact, uint8 purposes, uint16 royalty) private {
        buy(openOffer(owner, artifact, terms(purposes, royalty, 0)), payer);
    }

    function roots(string memory name, uint256 count) private returns (bytes32[] memory ids) {
        ids = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            ids[i] = publish(owner, string.concat(name, decimal(i)));
            grant(ids[i], FULL, 100);
        }
    }

    function expectRefused(address publisher, bytes32[] memory parents, uint256 key, bytes4 selector) private {
        Job memory job = jobOf(publisher, parents, keccak256("model"));
        job.signature = signJob(key, publisher, parents, job);
        expectRefused(publisher, parents, job, selector);
    }

    function expectRefused(address publisher, bytes32[] memory parents, Job memory job, bytes4 selector) private {
        if (registry.ownerOf(keccak256("model")) != address(0)) {
            job.outputs[0].id = keccak256("again");
            job.signature = signJob(RUNNER_KEY, publisher, parents, job);
        }
        string memory cid = job.outputs[0].id == keccak256("again") ? "again" : "model";
        vm.expectPartialRevert(selector);
        vm.prank(publisher);
        registry.publishDerived(cid, ArtifactKind.Model, "", parents, job);
    }
}
