// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What an offer grants, and for what. Never changed: other terms are another offer.
struct Terms {
    /// A set of `Purposes`.
    uint8 purposes;
    /// Whether `price` is for one use (each is spent by name) instead of once.
    bool perUse;
    bool transferable;
    /// Whether the owner may take the right back, for the unused part of the price.
    bool revocable;
    /// Whether only accounts on the offer's list may buy.
    bool listed;
    /// Basis points of what anything made of the artifact earns, and of what serving it earns.
    uint16 royalty;
    /// Seconds that a right lasts; zero: without end.
    uint40 duration;
    /// Seconds in which the content key must come, else the buyer has its money back; zero: no key is
    /// awaited, and the price is paid at once.
    uint40 keyWithin;
    address token;
    /// Atomic units of the token.
    uint96 price;
    /// Hash of the text for humans.
    bytes32 text;
}

struct Offer {
    bytes32 artifact;
    bool open;
    Terms terms;
}

/// @notice What a buyer asks for. An EIP-3009 purchase signs its hash as nonce, so nobody can redirect it.
struct Order {
    /// The offer, which binds artifact and terms.
    uint256 id;
    address holder;
    /// Uses where they are paid one by one, else durations; 1 where a right has no end.
    uint32 quantity;
    /// Key that the content key is sealed to: x of a secp256k1 point with even y (BIP-340); zero where none is wanted.
    bytes32 publicKey;
}

/// @notice What of an EIP-3009 authorization the order does not say.
struct Authorization {
    uint256 validAfter;
    uint256 validBefore;
    bytes32 salt;
    bytes signature;
}

struct Holding {
    /// The first second at which the right is over.
    uint40 expiresAt;
    /// Until then the key must come; zero: the right is paid and counts.
    uint40 keyDueAt;
    /// What is held here until the key came.
    uint128 held;
    bytes32 publicKey;
}
