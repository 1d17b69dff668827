import { type Command, Option } from 'commander'
import { consumerFlags, examples, type FlagName, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

/** For those who run a node. */
const nodeFlags: FlagName[] = [
  'dataDir',
  'services',
  'gatewayPort',
  'rpcPort',
  'monitorPort',
  'host',
  'genesis',
  'listen',
  'bootstrap',
  'allowPeer',
  'sync',
  'checkpoint',
  'keepBlocks',
  'mine',
  'chainId',
  'blockTimeMs',
  'logLevel',
  'json',
]

export function addUp(program: Command, run: Run): void {
  const command = program
    .command('up')
    .description('start a node with everything in it, until Ctrl-C')
    .addHelpText(
      'after',
      examples([
        'up',
        'up --data-dir ./node --gateway-port 9000 --rpc-port 9001',
        'up --services chain --genesis g.json --bootstrap /ip4/192.0.2.1/tcp/99',
      ]),
    )
  withFlags(command, nodeFlags)
    .addOption(new Option('--block-time <ms>').hideHelp())
    .action(({ blockTime, ...flags }) =>
      run(blockTime === undefined ? flags : { blockTimeMs: blockTime, ...flags }, async (context) =>
        (await import('./commands/up.ts')).up(context),
      ),
    )
}

export function addDemo(program: Command, run: Run): void {
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

export function addStatus(program: Command, run: Run): void {
  withFlags(program.command('status'), ['gatewayUrl', 'rpcUrl', 'dataDir', 'json'])
    .description('what the running node says of itself')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/status.ts')).showStatus(context)),
    )
}

export function addConfig(program: Command, run: Run): void {
  const config = program
    .command('config')
    .description('settings: flag over environment over file over default')
  const show = withFlags(config.command('show'), nodeFlags)
  show
    .description('each setting and where it comes from')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/config.ts')).showConfig(context)),
    )
}
