// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice BLS signatures with keys in G1 and signatures in G2, checked by the precompiles of EIP-2537.
/// Ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature-05). Points
/// are given uncompressed, in EIP-2537's encoding: 128 bytes in G1, 256 in G2.
library Bls12381 {
    error NotAPoint(uint256 bytes_);
    error KeyAtInfinity();
    error PrecompileFailed(address precompile);

    address private constant MODEXP = address(0x05);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    /// @dev With its length at the end, as expand_message_xmd wants it.
    bytes private constant DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_\x2b";
    bytes private constant MODULUS =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    bytes private constant MINUS_GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";
    /// @dev (p - 1) / 2 in two words.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @notice Whether the key signed these 32 bytes. The pairing precompile refuses what is no point of
    /// the right subgroup; infinity is refused here, since everything is signed by it.
    function verify(bytes calldata key, bytes32 message, bytes calldata signature) internal view returns (bool) {
        if (key.length != 128) revert NotAPoint(key.length);
        if (signature.length != 256) revert NotAPoint(signature.length);
        if (_isZero(key)) revert KeyAtInfinity();
        bytes memory pairs = bytes.concat(key, hashToG2(message), MINUS_GENERATOR, signature);
        return abi.decode(_call(PAIRING, pairs), (bool));
    }

    /// @notice The key as everyone else writes it: 48 bytes, flags in the three highest bits.
    function compress(bytes calldata key) internal pure returns (bytes32 high, bytes16 low) {
        (uint256 x0, uint256 x1, uint256 y0, uint256 y1) = abi.decode(key, (uint256, uint256, uint256, uint256));
        bool isLarger = y0 > HALF_HIGH || (y0 == HALF_HIGH && y1 > HALF_LOW);
        uint256 flags = isLarger ? 0xa0 : 0x80;
        high = bytes32(flags << 248 | x0 << 128 | x1 >> 128);
        low = bytes16(uint128(x1));
    }

    /// @dev hash_to_curve, RFC 9380 section 3, for G2 with two field elements. The precompile's map clears
    /// the cofactor, which commutes with the addition.
    function hashToG2(bytes32 message) internal view returns (bytes memory) {
        bytes32[8] memory u = _expand(message);
        bytes memory first = _mapToG2(u[0], u[1], u[2], u[3]);
        bytes memory second = _mapToG2(u[4], u[5], u[6], u[7]);
        return _call(G2_ADD, bytes.concat(first, second));
    }

    /// @dev expand_message_xmd with SHA-256 to 256 bytes, RFC 9380 section 5.3.1.
    function _expand(bytes32 message) private pure returns (bytes32[8] memory blocks) {
        bytes32 first = sha256(bytes.concat(new bytes(64), message, hex"010000", DST));
        bytes32 mixed = first;
        for (uint256 i = 0; i < 8; i++) {
            blocks[i] = sha256(bytes.concat(mixed, bytes1(uint8(i + 1)), DST));
            mixed = first ^ blocks[i];
        }
    }

    function _mapToG2(bytes32 a, bytes32 b, bytes32 c, bytes32 d) private view returns (bytes memory) {
        return _call(MAP_FP2_TO_G2, bytes.concat(_reduce(a, b), _reduce(c, d)));
    }

    /// @dev 64 bytes modulo p, in 64 bytes.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        return _call(MODEXP, abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), MODULUS));
    }

    function _call(address precompile, bytes memory input) private view returns (bytes memory) {
        (bool success, bytes memory output) = precompile.staticcall(input);
        if (!success || output.length == 0) revert PrecompileFailed(precompile);
        return output;
    }

    function _isZero(bytes calldata key) private pure returns (bool) {
        (uint256 x0, uint256 x1, uint256 y0, uint256 y1) = abi.decode(key, (uint256, uint256, uint256, uint256));
        return x0 | x1 | y0 | y1 == 0;
    }
}
