import { type Command, Option } from 'commander'
import {
  amountOption,
  consumerFlags,
  examples,
  parseAddress,
  parseCoins,
  parseCount,
  parseCredits,
  parseCreditsOrNone,
  parseTime,
  toExpiry,
  withFlags,
} from './flags.ts'
import type { Run } from './run-program.ts'

export function addCall(program: Command, run: Run): void {
  const command = program
    .command('call')
    .description('make one paid call; its channel and session key are kept for the next')
    .argument('<model>', 'a model of the node, see `quoin status`')
    .argument('<text>', 'what to send, rows as JSON; - reads standard input')
    .option('--stream', 'print the answer as it is made', false)
    .option('--max-tokens <n>', 'the longest answer', parseCount, 64)
    .addOption(
      amountOption('--cap <credits>', 'the most that all calls on the channel may cost', '10'),
    )
    .addOption(amountOption('--max-per-call <credits>', 'the most that this call may cost', '1'))
    .option('--expires-in <time>', 'how long the session key works: 90m, 12h, 7d', parseTime, '1d')
    .addHelpText(
      'after',
      examples([
        'call tiny-lm "The state of the union is" --stream',
        'call use-lite "a text to embed" --json',
      ]),
    )
  withFlags(command, consumerFlags).action((model, text, flags) =>
    run(flags, async (context) =>
      (await import('./commands/call.ts')).callModel(context, {
        model,
        text: await (await import('./client/text-input.ts')).readText(text),
        stream: flags.stream,
        maxTokens: flags.maxTokens,
        cap: flags.cap,
        maxPerCall: flags.maxPerCall,
        expiresAt: toExpiry(flags.expiresIn),
      }),
    ),
  )
}

export function addChannel(program: Command, run: Run): void {
  const channel = program
    .command('channel')
    .description('escrow channels, from which calls are paid')
    .addHelpText(
      'after',
      examples(['channel open 5 --cap 2 --expires-in 12h', 'channel list', 'channel close 0x1f2e']),
    )
  withFlags(
    channel.command('open').argument('<credits>', 'how much to freeze', parseCredits),
    consumerFlags,
  )
    .description('freeze Credits and authorize a session key')
    .option('--cap <credits>', 'the most that the session key may spend (all)', parseCredits)
    .option('--expires-in <time>', 'how long the session key works: 90m, 12h, 7d', parseTime, '1d')
    .action((amount, flags) =>
      run(flags, async (context) =>
        (await import('./commands/channel.ts')).openChannel(context, {
          amount,
          cap: flags.cap ?? null,
          expiresAt: toExpiry(flags.expiresIn),
        }),
      ),
    )
  withFlags(channel.command('list'), consumerFlags)
    .description('channels of this data folder')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/channel.ts')).listChannels(context)),
    )
  withFlags(
    channel.command('close').argument('<channel>', 'its id, or the start of it'),
    consumerFlags,
  )
    .description('take the rest back')
    .option('--withdraw', 'without the provider: request now, run again after the delay', false)
    .action((id, flags) =>
      run(flags, async (context) =>
        (await import('./commands/channel.ts')).closeChannel(context, {
          channel: id,
          withdraw: flags.withdraw,
        }),
      ),
    )
}

export function addReceipt(program: Command, run: Run): void {
  const receipt = program
    .command('receipt')
    .description('signed receipts of calls, and their proofs on the chain')
    .addHelpText(
      'after',
      examples(['receipt list', 'receipt verify receipt.json', 'receipt show 0x…']),
    )
  withFlags(receipt.command('list'), ['gatewayUrl', 'dataDir', 'json'])
    .description('receipts kept here, the newest first')
    .option('--payer <address>', "the gateway's receipts of this payer instead", parseAddress)
    .option('--limit <n>', 'how many', parseCount, 20)
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/receipt.ts')).listReceipts(context, flags),
      ),
    )
  withFlags(receipt.command('show').argument('<receipt>', 'a file or an id'), [
    'gatewayUrl',
    'dataDir',
    'json',
  ])
    .description('what a receipt says')
    .action((name, flags) =>
      run(flags, async (context) =>
        (await import('./commands/receipt.ts')).showReceipt(context, name),
      ),
    )
  withFlags(receipt.command('verify').argument('<receipt>', 'a file or an id'), [
    'gatewayUrl',
    'rpcUrl',
    'genesis',
    'checkpoint',
    'dataDir',
    'json',
  ])
    .description('check signature, proof and anchor against the chain, believing no server')
    .option('--trusting-days <days>', 'how long validators are believed', parseCount)
    .option('--trust-node', 'believe the node: for chains without certificates', false)
    .option('--request <file>', 'the JSON that was sent: check that the receipt is for it')
    .option('--response <file>', 'the answer as it came: check that the receipt is for it')
    .option('--stream', 'the answer is an event stream', false)
    .action((name, flags) =>
      run(flags, async (context) =>
        (await import('./commands/receipt.ts')).verifyReceiptCommand(context, {
          ...flags,
          receipt: name,
        }),
      ),
    )
}

export function addAccount(program: Command, run: Run): void {
  const account = program
    .command('account')
    .description('accounts in encrypted keystores (Web3 v3)')
    .addHelpText(
      'after',
      examples([
        'account create alice',
        'account send alice 5 --coins 1',
        'account import key.txt --name bob',
        'account list',
      ]),
    )
  withFlags(account.command('create').argument('[name]', 'its name', 'default'), [
    'passwordFile',
    'dataDir',
    'json',
  ])
    .description('make a new account')
    .action((name, flags) =>
      run(flags, async (context) =>
        (await import('./commands/account.ts')).createAccount(context, { name }),
      ),
    )
  withFlags(
    account.command('import').argument('<file>', 'a v3 keystore, or a private key in hexadecimal'),
    ['passwordFile', 'dataDir', 'json'],
  )
    .description('take over an account from a file')
    .option('--name <name>', 'its name here', 'default')
    .option('--keystore-password-file <file>', "file with the imported keystore's password")
    .action((file, flags) =>
      run(flags, async (context) =>
        (await import('./commands/account.ts')).importAccount(context, { ...flags, file }),
      ),
    )
  withFlags(account.command('list'), ['rpcUrl', 'dataDir', 'json'])
    .description('accounts with their balances')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/account.ts')).listAccounts(context)),
    )
  addAccountSend(account, run)
}

function addAccountSend(account: Command, run: Run): void {
  const command = account
    .command('send')
    .description('send Credits, and coins for gas, to another account')
    .argument('<to>', 'an address, or the name of an account here')
    .argument('<credits>', 'how much; 0 sends coins only', parseCreditsOrNone)
    .option('--coins <n>', "how many of the chain's own coins, for gas (none)", parseCoins)
    .addHelpText(
      'after',
      examples([
        'account send alice 5 --coins 1',
        'account send alice 0 --coins 0.5',
        'account send 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 2',
      ]),
    )
  withFlags(command, ['account', 'passwordFile', 'rpcUrl', 'dataDir', 'json'])
    .addOption(new Option('--gateway-url <url>').hideHelp())
    .action((to, credits, flags) =>
      run(flags, async (context) =>
        (await import('./commands/account-send.ts')).sendFromAccount(context, {
          to,
          credits,
          coins: flags.coins ?? 0n,
        }),
      ),
    )
}
