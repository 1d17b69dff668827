import type { Command } from 'commander'
import { examples, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

/** For those who want to know where something comes from. */
export function addLineage(program: Command, run: Run): void {
  withFlags(program.command('lineage'), ['rpcUrl', 'dataDir', 'json'])
    .description('what an artifact was made of, by which jobs, on which terms')
    .argument('<cid>', 'an artifact')
    .option('--svg <file>', 'draw it into this file')
    .addHelpText('after', examples(['lineage bafkrei… --svg lineage.svg']))
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/lineage.ts')).showLineage(context, {
          cid,
          svg: flags.svg ?? null,
        }),
      ),
    )
}

export function addReproduce(program: Command, run: Run): void {
  withFlags(program.command('reproduce'), ['account', 'passwordFile', 'rpcUrl', 'dataDir', 'json'])
    .description('run the job again that made an artifact, here, and compare')
    .argument('<cid>', 'a data set or model that a job made')
    .addHelpText('after', examples(['reproduce bafkrei…', 'reproduce bafkrei… --account alice']))
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/reproduce.ts')).reproduce(context, cid),
      ),
    )
}
