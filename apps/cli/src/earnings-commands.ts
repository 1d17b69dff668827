import type { Command } from 'commander'
import { examples, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

/** For those who earn. */
export function addEarnings(program: Command, run: Run): void {
  const earnings = program
    .command('earnings')
    .description('who earned what, from which services and licences')
    .addHelpText('after', examples(['earnings alice --payments', 'earnings withdraw alice']))
  withFlags(earnings.command('show', { isDefault: true }), ['account', 'rpcUrl', 'dataDir', 'json'])
    .description('what came in, what is owed and what was paid out')
    .argument('[who]', 'an address, or the name of an account here (the one that pays)')
    .option('--payments', 'each payment with its transaction and block', false)
    .option('--verify', 'prove each payment by a light client, believing no server', false)
    .action((who, flags) =>
      run(flags, async (context) =>
        (await import('./commands/earnings.ts')).showEarnings(context, {
          who: who ?? null,
          payments: flags.payments,
          verify: flags.verify,
        }),
      ),
    )
  withFlags(earnings.command('withdraw'), ['account', 'passwordFile', 'rpcUrl', 'dataDir', 'json'])
    .description('pay out what is owed, in one transaction that the paying account sends')
    .argument('[who]', 'an address, or the name of an account here (the one that pays)')
    .action((who, flags) =>
      run(flags, async (context) =>
        (await import('./commands/earnings.ts')).withdrawEarnings(context, { who: who ?? null }),
      ),
    )
}
