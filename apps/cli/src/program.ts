import { Command, InvalidArgumentError, Option } from 'commander'
import { parseExpiry } from './client/expiry.ts'
import { type FlagName, parseCount, parseCredits, withFlags } from './flags.ts'
import type { Run, Shell } from './run-program.ts'

const consumerFlags: FlagName[] = [
  'account',
  'passwordFile',
  'gatewayUrl',
  'rpcUrl',
  'dataDir',
  'json',
]

/** Every command with its options and examples; what a command does is loaded when it runs. */
export function createProgram(run: Run, shell: Shell): Command {
  const program = new Command('quoin')
    .description('A cloud for AI services: every call is paid, metered and proven on a chain.')
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: () => {},
    })
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand(false)
    .addHelpText('after', examples(['up', 'demo', 'call tiny-lm "Call me Ishmael" --stream']))
  for (const add of [
    addUp,
    addDemo,
    addCall,
    addAccount,
    addChannel,
    addReceipt,
    addStatus,
    addConfig,
  ])
    add(program, run)
  return inheritSettings(program)
}

/** Subcommands must not end the process either. */
function inheritSettings(program: Command): Command {
  for (const command of program.commands) inheritSettings(command.copyInheritedSettings(program))
  return program
}

function examples(lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  quoin ${line}`).join('\n')}`
}

function addUp(program: Command, run: Run): void {
  const command = program
    .command('up')
    .description('start a node with everything in it, until Ctrl-C')
    .addHelpText(
      'after',
      examples(['up', 'up --data-dir ./node --gateway-port 9000 --rpc-port 9001']),
    )
  withFlags(command, [
    'dataDir',
    'gatewayPort',
    'rpcPort',
    'host',
    'chainId',
    'blockTimeMs',
    'logLevel',
    'json',
  ])
    .addOption(new Option('--block-time <ms>').hideHelp())
    .action(({ blockTime, ...flags }) =>
      run(blockTime === undefined ? flags : { blockTimeMs: blockTime, ...flags }, async (context) =>
        (await import('./commands/up.ts')).up(context),
      ),
    )
}

function addDemo(program: Command, run: Run): void {
  const command = program
    .command('demo')
    .description('walk through deploy, freeze, authorize, exchange and settle, and check it all')
    .addHelpText(
      'after',
      `\nUses the node that runs on the data folder; without one it starts its own.${examples(['demo', 'demo --json --data-dir ./node'])}`,
    )
    .option('--model <id>', 'model to call (the first that generates text)')
  withFlags(command, [...consumerFlags, 'gatewayPort', 'rpcPort', 'logLevel']).action((flags) =>
    run(flags, async (context) =>
      (await import('./demo/run-demo.ts')).runDemoCommand(context, {
        model: flags.model ?? null,
        dataDirGiven: flags.dataDir !== undefined,
        portsGiven: { gateway: flags.gatewayPort !== undefined, rpc: flags.rpcPort !== undefined },
      }),
    ),
  )
}

function addCall(program: Command, run: Run): void {
  const command = program
    .command('call')
    .description('make one paid call; its channel and session key are kept for the next')
    .argument('<model>', 'a model of the node, see `quoin status`')
    .argument('<text>', 'what to send; - reads standard input')
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

function addAccount(program: Command, run: Run): void {
  const account = program
    .command('account')
    .description('accounts in encrypted keystores (Web3 v3)')
    .addHelpText(
      'after',
      examples(['account create alice', 'account import key.txt --name bob', 'account list']),
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
}

function addChannel(program: Command, run: Run): void {
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

function addReceipt(program: Command, run: Run): void {
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
    'dataDir',
    'json',
  ])
    .description('check signature, proof and anchor against the chain')
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

function addStatus(program: Command, run: Run): void {
  withFlags(program.command('status'), ['gatewayUrl', 'rpcUrl', 'dataDir', 'json'])
    .description('what the running node says of itself')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/status.ts')).showStatus(context)),
    )
}

function addConfig(program: Command, run: Run): void {
  const config = program
    .command('config')
    .description('settings: flag over environment over file over default')
  const show = withFlags(config.command('show'), [
    'dataDir',
    'gatewayPort',
    'rpcPort',
    'host',
    'chainId',
    'blockTimeMs',
    'logLevel',
    'json',
  ])
  show
    .description('each setting and where it comes from')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/config.ts')).showConfig(context)),
    )
}

/** The default is shown as it is written, not as the atomic units that it stands for. */
function amountOption(flag: string, description: string, value: string): Option {
  return new Option(flag, description).argParser(parseCredits).default(parseCredits(value), value)
}

function parseAddress(text: string): string {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Write an address: 0x and 40 hexadecimal digits.')
}

function parseTime(text: string): string {
  if (parseExpiry(text, 0) !== null) return text
  throw new InvalidArgumentError('Write a time such as 90m, 12h or 7d.')
}

function toExpiry(text: string): number {
  return parseExpiry(text, Date.now()) ?? 0
}
