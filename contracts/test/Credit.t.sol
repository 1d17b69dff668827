// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Eip3009} from "../solidity/credit/Eip3009.sol";
import {Base} from "./Base.sol";
import {Wallet} from "./Wallet.sol";

contract CreditTest is Base {
    bytes32 private constant NONCE = keccak256("nonce");
    address private constant TO = address(0x70);

    function setUp() public {
        deployAll();
        credit.mint(payer, 1000);
    }

    function test_ItHasTheDomainAndUnitsThatClientsAreTold() public view {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            credit.eip712Domain();
        require(keccak256(bytes(name)) == keccak256("Quoin Credit"), "name");
        require(keccak256(bytes(version)) == keccak256(bytes(credit.version())), "version");
        require(chainId == block.chainid && verifyingContract == address(credit), "place");
        require(credit.decimals() == 6 && keccak256(bytes(credit.symbol())) == keccak256("QCR"), "units");
    }

    function test_OnlyTheOwnerMints() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        credit.mint(stranger, 1);
    }

    function test_AnyoneSendsASignedTransferOnce() public {
        bytes memory signature = authorize(PAYER_KEY, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        assertEq(credit.balanceOf(TO), 300, "moved");
        require(credit.authorizationState(payer, NONCE), "used");
        vm.expectRevert(abi.encodeWithSelector(Eip3009.AuthorizationAlreadyUsed.selector, payer, NONCE));
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
    }

    function test_BothSignatureFormsDoTheSame() public {
        bytes32 kind = credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, digest(kind, payer));
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, v, r, s);
        assertEq(credit.balanceOf(TO), 300, "moved");
    }

    function test_AMalleatedSignatureIsRefused() public {
        bytes32 kind = credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, digest(kind, payer));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.transferWithAuthorization(
            payer, TO, 300, 0, START + 1, NONCE, v == 27 ? 28 : 27, r, bytes32(order - uint256(s))
        );
    }

    function test_OnlyThePayeeReceives() public {
        bytes memory signature = authorize(PAYER_KEY, payer, credit.RECEIVE_WITH_AUTHORIZATION_TYPEHASH());
        vm.expectRevert(abi.encodeWithSelector(Eip3009.CallerNotPayee.selector, stranger, TO));
        vm.prank(stranger);
        credit.receiveWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        vm.prank(TO);
        credit.receiveWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        assertEq(credit.balanceOf(TO), 300, "moved");
    }

    function test_AnAuthorizationHoldsOnlyInItsTime() public {
        bytes memory signature = authorize(PAYER_KEY, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        vm.warp(START + 1);
        vm.expectPartialRevert(Eip3009.AuthorizationExpired.selector);
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        vm.expectPartialRevert(Eip3009.AuthorizationNotYetValid.selector);
        credit.transferWithAuthorization(payer, TO, 300, START + 1, START + 9, NONCE, signature);
    }

    function test_ACancelledNonceIsVoid() public {
        bytes memory transfer = authorize(PAYER_KEY, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        bytes32 content = keccak256(abi.encode(credit.CANCEL_AUTHORIZATION_TYPEHASH(), payer, NONCE));
        bytes32 cancel = typed(credit.DOMAIN_SEPARATOR(), content);
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.cancelAuthorization(payer, NONCE, sign(STRANGER_KEY, cancel));
        credit.cancelAuthorization(payer, NONCE, sign(PAYER_KEY, cancel));
        vm.expectPartialRevert(Eip3009.AuthorizationAlreadyUsed.selector);
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, transfer);
    }

    function test_AContractWalletSignsByErc1271() public {
        Wallet wallet = new Wallet(payer);
        credit.mint(address(wallet), 300);
        bytes32 kind = credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        bytes memory forged = authorize(STRANGER_KEY, address(wallet), kind);
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.transferWithAuthorization(address(wallet), TO, 300, 0, START + 1, NONCE, forged);
        bytes memory signature = authorize(PAYER_KEY, address(wallet), kind);
        credit.transferWithAuthorization(address(wallet), TO, 300, 0, START + 1, NONCE, signature);
        assertEq(credit.balanceOf(TO), 300, "moved");
    }

    function test_AnAccountWithDelegatedCodeStillSignsWithItsKey() public {
        vm.etch(payer, hex"ef0100000000000000000000000000000000000000dead");
        bytes memory signature = authorize(PAYER_KEY, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
        assertEq(credit.balanceOf(TO), 300, "moved");
    }

    function test_ASignatureIsVoidOnAnotherChain() public {
        bytes memory signature = authorize(PAYER_KEY, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        vm.chainId(1);
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.transferWithAuthorization(payer, TO, 300, 0, START + 1, NONCE, signature);
    }

    function test_PermitsApproveBySignature() public {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 content = keccak256(abi.encode(kind, payer, TO, 250, 0, START));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, typed(credit.DOMAIN_SEPARATOR(), content));
        credit.permit(payer, TO, 250, START, v, r, s);
        assertEq(credit.allowance(payer, TO), 250, "allowance");
    }

    function testFuzz_AForgedAuthorizationMovesNothing(uint256 key, uint256 value) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != PAYER_KEY && value <= 1000);
        bytes memory signature = authorize(key, payer, credit.TRANSFER_WITH_AUTHORIZATION_TYPEHASH());
        vm.expectPartialRevert(Eip3009.InvalidAuthorizationSignature.selector);
        credit.transferWithAuthorization(payer, TO, value, 0, START + 1, NONCE, signature);
    }

    function authorize(uint256 key, address from, bytes32 kind) private view returns (bytes memory) {
        return sign(key, digest(kind, from));
    }

    function digest(bytes32 kind, address from) private view returns (bytes32) {
        bytes32 content = keccak256(abi.encode(kind, from, TO, uint256(300), uint256(0), START + 1, NONCE));
        return typed(credit.DOMAIN_SEPARATOR(), content);
    }
}
