import { keccak256 } from '@quoin/keys'

/** Keys of the bench, the same in every run. */
export const providerKey = keccak256(Buffer.from('bench provider'))
export const stockReceiverKey = keccak256(Buffer.from('bench stock receiver'))
export const sessionKey = keccak256(Buffer.from('bench session'))
