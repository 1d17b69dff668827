// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Holding, Terms} from "../../solidity/licences/LicenceTypes.sol";
import {Job} from "../../solidity/market/ILineage.sol";
import {ArtifactKind} from "../../solidity/market/IRegistry.sol";
import {LicenceBase} from "./LicenceBase.sol";

/// @dev Three people who publish, offer, buy, derive, serve, sell, pay, withdraw, revoke and wait as they
/// like, and a ledger of what must then be true.
contract Bazaar is LicenceBase {
    struct Snapshot {
        bytes32[] ancestors;
        uint16[] shares;
    }

    address[3] private _people = [payer, owner, stranger];
    bytes32[] public artifacts;
    uint256[] public offers;
    bytes32[] public splits;
    uint256 public minted;
    uint256 public withdrawals;
    mapping(uint256 id => mapping(address holder => bool)) public isPaid;
    mapping(bytes32 splitId => bool) private _isKnown;
    mapping(bytes32 artifact => Snapshot) private _snapshots;
    uint256 private _now = START;

    function start() external {
        for (uint256 i = 0; i < 3; i++) _add(publish(_people[i], decimal(i)));
    }

    modifier inTime() {
        vm.warp(_now);
        _;
    }

    function publish(uint256 who) external inTime {
        if (artifacts.length < 24) _add(publish(_people[who % 3], decimal(artifacts.length)));
    }

    function offer(uint256 which, uint16 royalty, uint96 price, uint256 flags) external inTime {
        if (artifacts.length == 0) return;
        bytes32 artifact = artifacts[which % artifacts.length];
        uint256 limit = 10_000 - lineage.totalOf(artifact);
        Terms memory made = terms(FULL, uint16(bound(royalty, 0, limit / 3)), uint96(bound(price, 0, 1e12)));
        made.transferable = flags & 1 != 0;
        if (flags & 2 != 0) made.duration = 1 days;
        made.revocable = flags & 2 != 0 && flags & 4 != 0;
        if (flags & 8 != 0) made.keyWithin = 1 hours;
        offers.push(openOffer(registry.ownerOf(artifact), artifact, made));
    }

    function purchase(uint256 which, uint256 who) external inTime {
        if (offers.length == 0) return;
        uint256 id = offers[which % offers.length];
        address holder = _people[who % 3];
        Terms memory made = licences.offer(id).terms;
        bool isRunning = licences.balanceOf(holder, id) != 0;
        if (licences.holding(id, holder).keyDueAt != 0 || (made.duration == 0 && isRunning)) return;
        if (licences.rightsOf(holder, licences.offer(id).artifact).length >= 16) return;
        minted += made.price;
        buy(id, holder);
        isPaid[id][holder] = true;
        _know(splitter.getLineageSplitId(licences.offer(id).artifact, 0, address(0)));
    }

    function deliver(uint256 which, uint256 who) external inTime {
        if (offers.length == 0) return;
        uint256 id = offers[which % offers.length];
        if (licences.holding(id, _people[who % 3]).keyDueAt == 0) return;
        vm.prank(registry.ownerOf(licences.offer(id).artifact));
        licences.deliverKey(id, _people[who % 3], "envelope");
        _know(splitter.getLineageSplitId(licences.offer(id).artifact, 0, address(0)));
    }

    function reclaim(uint256 which, uint256 who) external inTime {
        if (offers.length == 0) return;
        uint256 id = offers[which % offers.length];
        Holding memory held = licences.holding(id, _people[who % 3]);
        if (held.keyDueAt == 0 || _now <= held.keyDueAt) return;
        uint256 before = credit.balanceOf(_people[who % 3]);
        licences.reclaim(id, _people[who % 3]);
        assertEq(credit.balanceOf(_people[who % 3]) - before, licences.offer(id).terms.price, "reclaimed");
        isPaid[id][_people[who % 3]] = false;
    }

    function revoke(uint256 which, uint256 who) external inTime {
        if (offers.length == 0) return;
        uint256 id = offers[which % offers.length];
        Terms memory made = licences.offer(id).terms;
        address holder = _people[who % 3];
        if (!made.revocable || licences.balanceOf(holder, id) == 0) return;
        address seller = registry.ownerOf(licences.offer(id).artifact);
        uint256 most = uint256(made.price) * 400;
        credit.mint(seller, most);
        minted += most;
        vm.startPrank(seller);
        credit.approve(address(licences), most);
        licences.revoke(id, holder);
        vm.stopPrank();
        isPaid[id][holder] = false;
    }

    function move(uint256 which, uint256 from, uint256 to) external inTime {
        if (offers.length == 0) return;
        uint256 id = offers[which % offers.length];
        (address giver, address taker) = (_people[from % 3], _people[to % 3]);
        bool mayMove = licences.offer(id).terms.transferable && licences.holding(id, giver).keyDueAt == 0;
        if (!mayMove || licences.balanceOf(giver, id) == 0 || licences.balanceOf(taker, id) != 0) return;
        if (licences.rightsOf(taker, licences.offer(id).artifact).length >= 16) return;
        vm.prank(giver);
        licences.safeTransferFrom(giver, taker, id, 1, "");
        (isPaid[id][giver], isPaid[id][taker]) = (false, true);
    }

    /// @dev Publishes from one or two parents, three times of four after buying what is for sale; what lacks
    /// the right must be refused.
    function derive(uint256 who, uint256 first, uint256 second, uint16 royalty) external inTime {
        if (artifacts.length == 0 || artifacts.length >= 24) return;
        bytes32 one = artifacts[first % artifacts.length];
        bytes32 two = artifacts[second % artifacts.length];
        bytes32[] memory parents = one == two ? list(one) : list(one, two);
        address publisher = _people[who % 3];
        if (royalty % 4 != 0) for (uint256 i = 0; i < parents.length; i++) _acquire(publisher, parents[i], royalty);
        bytes32 id = keccak256(bytes(decimal(artifacts.length)));
        Job memory job = jobOf(publisher, parents, id);
        vm.prank(publisher);
        try registry.publishDerived(decimal(artifacts.length), ArtifactKind.Model, "", parents, job) {
            for (uint256 i = 0; i < parents.length; i++) _requireRight(publisher, parents[i]);
            _add(id);
        } catch {}
    }

    function serve(uint256 who, uint256 which, uint256 amount) external inTime {
        if (artifacts.length == 0) return;
        bytes32 artifact = artifacts[which % artifacts.length];
        bytes32 id = registry.serviceId(_people[who % 3], artifact, "serve");
        if (registry.service(id).provider == address(0)) {
            (bool has,) = licences.rightFor(_people[who % 3], artifact, 1, 0);
            if (!has && licences.offerCount(artifact) != 0) return;
            serviceOf(_people[who % 3], artifact);
        }
        bytes32 splitId = registry.service(id).split;
        if (splitId == 0) return;
        amount = bound(amount, 1, 1e12);
        credit.mint(splitter.tillOf(splitId), amount);
        minted += amount;
        splitter.collect(splitId, address(credit));
        _know(splitId);
    }

    function withdraw(uint256 which, uint256 payee) external inTime {
        if (splits.length == 0) return;
        bytes32 splitId = splits[which % splits.length];
        (bytes32[] memory payees,) = splitter.payeesOf(splitId);
        bytes32 chosen = payees[payee % payees.length];
        address account = splitter.accountOf(chosen);
        uint256 before = credit.balanceOf(account);
        uint256 amount = splitter.withdraw(splits, address(credit), chosen);
        assertEq(credit.balanceOf(account) - before, amount, "withdrawn");
        withdrawals += amount;
    }

    function sell(uint256 which, uint256 who) external inTime {
        if (artifacts.length == 0) return;
        bytes32 artifact = artifacts[which % artifacts.length];
        vm.prank(registry.ownerOf(artifact));
        registry.transferArtifact(artifact, _people[who % 3]);
    }

    function wait(uint256 time) external {
        _now += bound(time, 1, 3 hours);
    }

    function counts() external view returns (uint256, uint256, uint256) {
        return (artifacts.length, offers.length, splits.length);
    }

    function people(uint256 index) external view returns (address) {
        return _people[index];
    }

    function snapshot(bytes32 artifact) external view returns (Snapshot memory) {
        return _snapshots[artifact];
    }

    function clock() external view returns (uint256) {
        return _now;
    }

    /// @dev What the bazaar's own books say, not the contract's check.
    function _requireRight(address account, bytes32 artifact) private view {
        if (registry.ownerOf(artifact) == account) return;
        for (uint256 i = 0; i < offers.length; i++) {
            if (licences.offer(offers[i]).artifact == artifact && isPaid[offers[i]][account]) return;
        }
        revert("derived without a right");
    }

    function _acquire(address account, bytes32 artifact, uint16 royalty) private {
        (bool has,) = licences.rightFor(account, artifact, FULL, 0);
        if (has || licences.rightsOf(account, artifact).length >= 16) return;
        royalty = uint16(bound(royalty, 0, (10_000 - lineage.totalOf(artifact)) / 3));
        uint256 id = openOffer(registry.ownerOf(artifact), artifact, terms(FULL, royalty, royalty));
        offers.push(id);
        minted += royalty;
        buy(id, account);
        isPaid[id][account] = true;
        _know(splitter.getLineageSplitId(artifact, 0, address(0)));
    }

    function _add(bytes32 artifact) private {
        artifacts.push(artifact);
        bytes32[] memory ancestors = lineage.payeesOf(artifact);
        for (uint256 i = 0; i < ancestors.length; i++) {
            _snapshots[artifact].ancestors.push(ancestors[i]);
            _snapshots[artifact].shares.push(lineage.shareOf(artifact, ancestors[i]));
        }
    }

    function _know(bytes32 splitId) private {
        if (_isKnown[splitId] || splitter.lineageSplit(splitId).artifact == 0) return;
        _isKnown[splitId] = true;
        splits.push(splitId);
    }
}

contract LineageInvariants is LicenceBase {
    struct Selectors {
        address addr;
        bytes4[] selectors;
    }

    Bazaar private bazaar;

    function setUp() public {
        deployMarket();
        bazaar = new Bazaar();
        credit.transferOwnership(address(bazaar));
        bazaar.start();
    }

    /// @dev All but the start.
    function targetSelectors() external view returns (Selectors[] memory targets) {
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = bazaar.publish.selector;
        selectors[1] = bazaar.offer.selector;
        selectors[2] = bazaar.purchase.selector;
        selectors[3] = bazaar.deliver.selector;
        selectors[4] = bazaar.reclaim.selector;
        selectors[5] = bazaar.revoke.selector;
        selectors[6] = bazaar.move.selector;
        selectors[7] = bazaar.derive.selector;
        selectors[8] = bazaar.serve.selector;
        selectors[9] = bazaar.withdraw.selector;
        selectors[10] = bazaar.sell.selector;
        selectors[11] = bazaar.wait.selector;
        targets = new Selectors[](1);
        targets[0] = Selectors(address(bazaar), selectors);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(bazaar);
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_MoneyRightsAndSharesHold() public {
        vm.warp(bazaar.clock());
        checkEveryUnitIsAccountedFor();
        checkWhatIsHeldWaitsForAKey();
        checkNoRightWithoutPayment();
        checkSharesNeverExceedTheWholeNorChange();
    }

    /// @dev All that came into a split is paid out, owed, or less than a unit per payee; and what the
    /// contracts hold is exactly what they owe, so nobody's part is paid with another's.
    function checkEveryUnitIsAccountedFor() private view {
        (,, uint256 count) = bazaar.counts();
        uint256 received;
        for (uint256 i = 0; i < count; i++) {
            bytes32 splitId = bazaar.splits(i);
            uint256 income = splitter.received(splitId, address(credit));
            (bytes32[] memory payees, uint256[] memory shares) = splitter.payeesOf(splitId);
            uint256 sum;
            uint256 whole;
            for (uint256 j = 0; j < payees.length; j++) {
                whole += shares[j];
                sum += owedTo(splitId, payees[j]) + splitter.withdrawn(splitId, address(credit), payees[j]);
            }
            assertEq(whole, 10_000, "shares");
            require(sum <= income && income - sum < payees.length, "rounding");
            received += income;
        }
        assertEq(credit.balanceOf(address(splitter)), received - bazaar.withdrawals(), "splitter");
    }

    function checkWhatIsHeldWaitsForAKey() private view {
        (, uint256 count,) = bazaar.counts();
        uint256 held;
        for (uint256 i = 0; i < count; i++) {
            for (uint256 j = 0; j < 3; j++) {
                Holding memory holding = licences.holding(bazaar.offers(i), bazaar.people(j));
                require(holding.keyDueAt != 0 || holding.held == 0, "held without a key to wait for");
                held += holding.held;
            }
        }
        assertEq(credit.balanceOf(address(licences)), held, "licences");
        uint256 sum = held + credit.balanceOf(address(splitter));
        for (uint256 i = 0; i < 3; i++) sum += credit.balanceOf(bazaar.people(i));
        assertEq(sum, bazaar.minted(), "all the money");
    }

    function checkNoRightWithoutPayment() private view {
        (, uint256 count,) = bazaar.counts();
        for (uint256 i = 0; i < count; i++) {
            uint256 id = bazaar.offers(i);
            for (uint256 j = 0; j < 3; j++) {
                address holder = bazaar.people(j);
                require(licences.balanceOf(holder, id) == 0 || bazaar.isPaid(id, holder), "a right for nothing");
            }
        }
    }

    function checkSharesNeverExceedTheWholeNorChange() private view {
        (uint256 count,,) = bazaar.counts();
        for (uint256 i = 0; i < count; i++) {
            bytes32 id = bazaar.artifacts(i);
            Bazaar.Snapshot memory before = bazaar.snapshot(id);
            assertEq(lineage.payeesOf(id).length, before.ancestors.length, "payees");
            uint256 sum;
            for (uint256 j = 0; j < before.ancestors.length; j++) {
                assertEq(lineage.shareOf(id, before.ancestors[j]), before.shares[j], "a share changed");
                sum += before.shares[j];
            }
            assertEq(lineage.totalOf(id), sum, "total");
            require(sum <= 10_000, "more than the whole");
        }
    }
}
