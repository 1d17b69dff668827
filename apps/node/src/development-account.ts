import type { Hex } from '@quoin/kernel'

/**
 * The first account of the mnemonic "test test … junk" that every Ethereum tool knows: its key is public, so
 * that a private chain can be tried with any wallet. Never send it anything of value.
 */
export const developmentAccount: { address: Hex; privateKey: Hex } = {
  address: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  privateKey: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
}
