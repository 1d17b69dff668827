// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Purposes} from "../../solidity/licences/Purposes.sol";
import {Order} from "../../solidity/licences/LicenceTypes.sol";
import {LicenceBase} from "./LicenceBase.sol";

contract JourneyTest is LicenceBase {
    function setUp() public {
        deployMarket();
    }

    /// @dev From data to a served model: the licence is paid, the model is published by what ran, and a
    /// call's price, sent to the service's till, reaches the data's owner.
    function test_ACallsPriceReachesTheDatasOwner() public {
        bytes32 data = publish(owner, "bafydata");
        uint256 id = openOffer(owner, data, terms(Purposes.TRAIN | Purposes.DOWNLOAD, 1500, 1_000_000));
        credit.mint(payer, 1_000_000);
        Order memory order = orderOf(id, payer);
        vm.prank(stranger);
        licences.buyWithAuthorization(order, authorize(order, PAYER_KEY, 1_000_000));
        assertEq(credit.balanceOf(payer), 0, "paid");
        assertEq(owedTo(splitter.getLineageSplitId(data, 0, address(0)), data), 1_000_000, "the licence");

        bytes32 model = derive(payer, "bafymodel", list(data));
        bytes32 splitId = serviceOf(payer, model);
        credit.mint(splitter.tillOf(splitId), 10_001);
        splitter.collect(splitId, address(credit));
        assertEq(owedTo(splitId, data), 1500, "the data's");
        assertEq(owedTo(splitId, splitter.payeeOf(payer)), 8500, "the model's");
        splitter.withdraw(
            list(splitId, splitter.getLineageSplitId(data, 0, address(0))), address(credit), data
        );
        assertEq(credit.balanceOf(owner), 1_001_500, "in one transfer");
    }
}
