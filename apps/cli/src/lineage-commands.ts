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
