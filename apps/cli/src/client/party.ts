import type { Hex } from '@quoin/kernel'
import { developmentAccount } from '@quoin/node'
import { isAddress } from 'viem'
import { cliError } from '../exit-codes.ts'
import { accountsOf } from './consumer.ts'

/** Somebody, by a name of this data folder where it has one. */
export interface Party {
  name: string | null
  address: Hex
}

/** @throws CodedError `USAGE` for a mistyped address, `ACCOUNT_UNKNOWN` for a name that is none. */
export async function findParty(text: string, dataDir: string): Promise<Party> {
  if (/^0x[0-9a-f]{40}$/i.test(text)) {
    if (!isAddress(text))
      throw cliError(
        'USAGE',
        `The checksum of ${text} is wrong (EIP-55), so a character may be: check it, or write the address in lower case`,
      )
    const address: Hex = `0x${text.slice(2).toLowerCase()}`
    return { name: await nameOf(address, dataDir), address }
  }
  const accounts = await accountsOf(dataDir).list()
  const found = [...accounts, development].find(({ name }) => name === text)
  if (found) return { name: found.name, address: found.address }
  if (/^0x/i.test(text))
    throw cliError('USAGE', `${text} is no address: it takes 0x and 40 hexadecimal digits`)
  throw cliError('ACCOUNT_UNKNOWN', `There is no account '${text}' in ${dataDir}/keystore`)
}

const development = { name: 'development', address: developmentAccount.address }

export async function nameOf(address: Hex, dataDir: string): Promise<string | null> {
  const accounts = [development, ...(await accountsOf(dataDir).list())]
  return accounts.find((account) => account.address === address)?.name ?? null
}
