/** Larger than any block: 60 million gas buy at most 6 MiB of call data (EIP-7623). */
export const maxBlockBytes = 8 * 1024 * 1024

/** A block with its proof of lock or certificate. */
export const maxMessageBytes = maxBlockBytes + 256 * 1024

/** Votes and statuses; a status of 1,000 validators has 250 bytes of bitmaps. */
export const maxSmallMessageBytes = 4096
