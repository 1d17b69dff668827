import { parseMoney } from '@quoin/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseExpiry } from './client/expiry.ts'

/** Flags that several commands share, so that each has one name and one meaning. */
const flags = {
  dataDir: new Option('--data-dir <folder>', 'folder of the chain, keys and records (.quoin)'),
  json: new Option('--json', 'print one JSON document; everything else goes to standard error'),
  gatewayUrl: new Option('--gateway-url <url>', 'gateway to talk to (the running node)'),
  rpcUrl: new Option('--rpc-url <url>', 'JSON-RPC to talk to (the running node)'),
  account: new Option('--account <name>', 'account that pays; node: that of the node here'),
  passwordFile: new Option('--password-file <file>', "file with the account's password"),
  host: new Option('--host <address>', 'address to listen on (127.0.0.1)'),
  gatewayPort: new Option('--gateway-port <port>', 'port of the gateway (8402), 0 for any'),
  rpcPort: new Option('--rpc-port <port>', 'port of JSON-RPC (8545), 0 for any'),
  services: new Option('--services <which>', 'all, or chain: a node of the chain alone (all)'),
  monitorPort: new Option('--monitor-port <port>', 'port of /health, /metrics and /status'),
  genesis: new Option('--genesis <file>', 'genesis file of the chain to join'),
  listen: new Option('--listen <address...>', 'where other nodes connect: /ip4/0.0.0.0/tcp/30402'),
  bootstrap: new Option('--bootstrap <address...>', 'addresses of nodes to connect to first'),
  allowPeer: new Option('--allow-peer <id...>', 'peer ids that alone may connect (anyone)'),
  sync: new Option('--sync <how>', 'how a new node begins: genesis, or snapshot (genesis)'),
  checkpoint: new Option(
    '--checkpoint <height:id>',
    'a trusted block: begins a snapshot, and is insisted on',
  ),
  keepBlocks: new Option('--keep-blocks <n>', 'how many blocks to keep with their states (all)'),
  mine: new Option('--mine <threads>', 'threads that mine, with proof of work (0)'),
  chainId: new Option('--chain-id <id>', 'chain id of a new chain (31402)'),
  blockTimeMs: new Option('--block-time-ms <ms>', 'least time between two blocks (500)'),
  logLevel: new Option('--log-level <level>', 'error, warn, info, debug or silent (warn)'),
} as const

export type FlagName = keyof typeof flags

export function withFlags(command: Command, names: FlagName[]): Command {
  for (const name of names) command.addOption(flags[name])
  return command
}

/** `1.25` Credits in atomic units. */
export function parseCredits(text: string): bigint {
  try {
    const amount = parseMoney(text)
    if (amount > 0n) return amount
  } catch {
    // The message below says more.
  }
  throw new InvalidArgumentError('Write an amount of Credits above zero, such as 1.25.')
}

/** As `parseCredits`, and zero for none. */
export function parseCreditsOrNone(text: string): bigint {
  return /^0+(\.0+)?$/.test(text) ? 0n : parseCredits(text)
}

/** `1.5` of the chain's own coins in wei. */
export function parseCoins(text: string): bigint {
  try {
    return parseMoney(text, 18)
  } catch {
    throw new InvalidArgumentError('Write an amount of coins, such as 1.5.')
  }
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Write a whole number above zero.')
}

/** For those who pay. */
export const consumerFlags: FlagName[] = [
  'account',
  'passwordFile',
  'gatewayUrl',
  'rpcUrl',
  'dataDir',
  'json',
]

/** The default is shown as it is written, not as the atomic units that it stands for. */
export function amountOption(flag: string, description: string, value: string): Option {
  return new Option(flag, description).argParser(parseCredits).default(parseCredits(value), value)
}

export function parseAddress(text: string): string {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Write an address: 0x and 40 hexadecimal digits.')
}

export function parseTime(text: string): string {
  if (parseExpiry(text, 0) !== null) return text
  throw new InvalidArgumentError('Write a time such as 90m, 12h or 7d.')
}

/** `90m`, `12h`, `30d` in seconds. */
export function parseSeconds(text: string): number {
  const seconds = parseExpiry(text, 0)
  if (seconds !== null) return seconds
  throw new InvalidArgumentError('Write a time such as 90m, 12h or 30d.')
}

export function toExpiry(text: string): number {
  return parseExpiry(text, Date.now()) ?? 0
}

export function examples(lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  quoin ${line}`).join('\n')}`
}
