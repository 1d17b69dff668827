import type { Hex } from '@quoin/kernel'
import { formatCoin, formatCredit } from './amounts.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface AccountLine {
  /** Null for an address that no account here has. */
  name: string | null
  address: Hex
  /** Nulls where no chain was there to ask. */
  credits: bigint | null
  coins: bigint | null
}

/** Who has what, an account a line. */
export function accountLines(accounts: AccountLine[], terminal: Terminal): string[] {
  const rows = accounts.map(({ name, address, credits, coins }) => [
    name ?? '',
    address,
    credits === null ? '?' : formatCredit(credits).replace(' QCR', ''),
    coins === null ? '?' : formatCoin(coins, 2),
  ])
  const columns = [
    { title: 'Name' },
    { title: 'Address' },
    { title: 'QCR', align: 'right' as const },
    { title: 'Coins', align: 'right' as const },
  ]
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}
