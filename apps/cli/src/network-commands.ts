import { type Command, InvalidArgumentError, Option } from 'commander'
import { addChainShape, chainShapeOf } from './chain-shape.ts'
import { examples, parseCoins, parseCount, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

const dirOption = () => new Option('--dir <folder>', 'folder of the network').default('.quoin/net')

export function addChain(program: Command, run: Run): void {
  const chain = program
    .command('chain')
    .description('begin a chain with others, and see how it does')
    .addHelpText(
      'after',
      examples([
        'chain key --address /dns4/a.example/tcp/30402',
        'chain init --member a.json b.json c.json d.json',
        'chain init --consensus bft --validators stake --count 4',
        'chain status',
      ]),
    )
  addChainInit(chain, run)
  addKey(chain, run)
  withFlags(chain.command('status'), ['rpcUrl', 'dataDir', 'json'])
    .description('what the running node knows of its chain and of other nodes')
    .option('--monitor-url <url>', "the node's monitor (the running node)")
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/chain-status.ts')).showChainStatus(context, {
          monitorUrl: flags.monitorUrl ?? null,
        }),
      ),
    )
}

/** Under `chain` and under `validator`: a node's keys serve both. */
export function addKey(parent: Command, run: Run): void {
  withFlags(parent.command('key'), ['chainId', 'dataDir', 'json'])
    .description("make a node's keys, or show those there are, and the file to give to the others")
    .option('--address <address...>', 'where others reach the node: /dns4/a.example/tcp/30402', [])
    .option('--out <file>', 'the file to write (member.json in the data folder)')
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/chain-key.ts')).makeChainKey(context, {
          address: flags.address,
          out: flags.out ?? null,
        }),
      ),
    )
}

function addChainInit(chain: Command, run: Run): void {
  const command = chain
    .command('init')
    .description('write the genesis of a new chain, and keys for its first nodes')
    .option('--count <n>', 'nodes whose keys are made here (4 without --member)', parseCount)
    .option('--member <file...>', 'files of `quoin chain key`, of parties with their own keys', [])
    .option('--dir <folder>', 'folder to write', 'chain')
    .option(
      '--fund <account...>',
      'ADDRESS=COINS that an account has from the beginning',
      parseFund,
      [],
    )
    .option('--development', 'coins for the account whose key everybody knows', false)
  addChainShape(command, { policyFlag: '--validators', targetSeconds: 10 })
  withFlags(command, ['chainId', 'blockTimeMs', 'json']).action((flags) =>
    run(flags, async (context) =>
      (await import('./commands/chain-init.ts')).initChain(context, {
        dir: flags.dir,
        memberFiles: flags.member,
        count: flags.count ?? (flags.member.length > 0 ? 0 : 4),
        order: await chainShapeOf(context, { ...flags, policy: flags.validators }),
        withDevelopmentAccount: flags.development,
        funds: flags.fund,
      }),
    ),
  )
}

type Fund = { address: `0x${string}`; wei: bigint }

function parseFund(text: string, before: Fund[]): Fund[] {
  const [, digits = '', coins = ''] = /^0x([0-9a-fA-F]{40})=(.+)$/.exec(text) ?? []
  if (digits === '') throw new InvalidArgumentError('Write ADDRESS=COINS, such as 0x12…ef=100.')
  return [...before, { address: `0x${digits.toLowerCase()}`, wei: parseCoins(coins) }]
}

export function addNet(program: Command, run: Run): void {
  const net = program
    .command('net')
    .description('a whole network on this host: each node a process, a folder and ports of its own')
    .addHelpText(
      'after',
      examples([
        'net up --validators 4',
        'net up --validators 4 --policy stake --detach',
        'net status --watch',
        'net kill 3',
        'net start 3',
        'net down',
      ]),
    )
  addNetUp(net, run)
  addNetStatus(net, run)
  addNetControl(net, run)
  addNetMembers(net, run)
}

function addNetUp(net: Command, run: Run): void {
  const command = net
    .command('up')
    .description('start the network of a folder, made first when there is none, until Ctrl-C')
    .addOption(dirOption())
    .option('--validators <n>', 'nodes of a new network that validate or mine (4)', parseCount)
    .option('--detach', 'return when it is ready; `quoin net down` stops it', false)
    .option('--no-provider', 'no models and gateway on the first node')
    .option('--base-port <port>', 'node N has the ports from this + 10·N on', parseCount, 31400)
  addChainShape(command, { policyFlag: '--policy', targetSeconds: 2 })
  withFlags(command, ['chainId', 'blockTimeMs', 'json']).action((flags, self: Command) =>
    run(flags, async (context) =>
      (await import('./commands/net-up.ts')).netUp(context, {
        dir: flags.dir,
        detach: flags.detach,
        order: {
          validators: flags.validators ?? 4,
          chain: await chainShapeOf(context, flags),
          basePort: flags.basePort,
          withProvider: flags.provider,
        },
        given: {
          validators: flags.validators !== undefined,
          consensus: self.getOptionValueSource('consensus') === 'cli',
          policy: self.getOptionValueSource('policy') === 'cli',
        },
      }),
    ),
  )
}

function addNetStatus(net: Command, run: Run): void {
  withFlags(net.command('status').addOption(dirOption()), ['json'])
    .description('state, height, round, peers and latency of every node')
    .option('--watch', 'again every second, until Ctrl-C', false)
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/net-status.ts')).netStatus(context, flags),
      ),
    )
  withFlags(net.command('logs').argument('<node>', 'its number', parseCount), ['json'])
    .description("the end of a node's log")
    .addOption(dirOption())
    .option('-n, --lines <n>', 'how many lines', parseCount, 40)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C', false)
    .action((id, flags) =>
      run(flags, async (context) =>
        (await import('./commands/net-logs.ts')).netLogs(context, { ...flags, id }),
      ),
    )
}

const controls = [
  ['kill', 'kill -9: as a power cut would', 'netKill'],
  ['stop', 'ask nodes to end', 'netStop'],
  ['start', 'start nodes that do not run; they catch up with the others', 'netStart'],
] as const

function addNetControl(net: Command, run: Run): void {
  for (const [name, description, action] of controls)
    withFlags(
      net
        .command(name)
        .argument('<node...>', 'their numbers', parseIds)
        .addOption(dirOption())
        .description(description),
      ['json'],
    ).action((ids, flags) =>
      run(flags, async (context) =>
        (await import('./commands/net-control.ts'))[action](context, { dir: flags.dir, ids }),
      ),
    )
  withFlags(net.command('down').addOption(dirOption()), ['json'])
    .description('stop every node')
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/net-control.ts')).netDown(context, { dir: flags.dir }),
      ),
    )
}

function addNetMembers(net: Command, run: Run): void {
  withFlags(net.command('add').addOption(dirOption()), ['json'])
    .description('add a node to the network: it catches up and follows')
    .option('--validator', 'and make it a validator, by the policy of the chain', false)
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/net-add.ts')).netAdd(context, flags)),
    )
  withFlags(
    net.command('remove').argument('<node>', 'its number', parseCount).addOption(dirOption()),
    ['json'],
  )
    .description('stop a node and take it off the network; its folder stays')
    .option('--force', 'even if it validates', false)
    .action((id, flags) =>
      run(flags, async (context) =>
        (await import('./commands/net-add.ts')).netRemove(context, { ...flags, id }),
      ),
    )
}

function parseIds(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), ...text.split(',').map(parseCount)]
}
