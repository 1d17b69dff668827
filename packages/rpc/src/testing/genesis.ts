import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GethGenesis } from '@quoin/execution'

/** The public development account (account 0 of the "test ... junk" mnemonic). */
export const richKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
export const richAddress = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

const systemContracts = [
  '000f3df6d732807ef1319fb7b8bb8522d0beac02',
  '0000f90827f1c53a10cb7a02335b175320002935',
  '00000961ef480eb55e80d19ad83579a64c007002',
  '0000bbddc7ce488642fb579f8b00f3a590007251',
]

/** A Prague genesis with Prague's system contracts and one rich account, for tests. */
export async function testGenesis(): Promise<GethGenesis> {
  const suite = join(import.meta.dirname, '../../fixtures/execution-apis/genesis.json')
  const { alloc } = JSON.parse(await readFile(suite, 'utf8'))
  return {
    config: {
      chainId: 31402,
      homesteadBlock: 0,
      eip150Block: 0,
      eip155Block: 0,
      eip158Block: 0,
      byzantiumBlock: 0,
      constantinopleBlock: 0,
      petersburgBlock: 0,
      istanbulBlock: 0,
      berlinBlock: 0,
      londonBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
      },
    },
    nonce: '0x0',
    timestamp: '0x65f00000',
    extraData: '0x',
    mixHash: `0x${'00'.repeat(32)}`,
    coinbase: `0x${'00'.repeat(20)}`,
    gasLimit: '0x3938700',
    difficulty: '0x0',
    baseFeePerGas: '0x3b9aca00',
    alloc: {
      ...Object.fromEntries(systemContracts.map((address) => [address, alloc[address]])),
      [richAddress.slice(2)]: { balance: '0x21e19e0c9bab2400000' },
    },
  }
}
