import { type Command, InvalidArgumentError, Option, type OptionValues } from 'commander'
import type { Context } from './context.ts'
import { cliError } from './exit-codes.ts'
import { examples, type FlagName, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

const operatorFlags: FlagName[] = ['gatewayUrl', 'dataDir', 'json']

/** Work on artifacts, at one's own node. */
export function addJob(program: Command, run: Run): void {
  const job = program
    .command('job')
    .description('declared work on artifacts: trainings, pipelines, programs')
    .addHelpText(
      'after',
      examples(['job run training.json', 'job list', 'job report ID -o r.html']),
    )
  const command = withOutputFlags(job.command('run').argument('<file>', 'a job of quoin/job/1'))
  withFlags(command, operatorFlags)
    .description('run a declared job, and follow it to its end')
    .action((file, flags) =>
      run(flags, async (context) =>
        (await import('./commands/job.ts')).runJobFile(context, {
          file,
          isDetached: flags.detach,
          outputs: outputsOf(flags),
        }),
      ),
    )
  withFlags(job.command('list'), operatorFlags)
    .description('jobs of the node, the newest first')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/job.ts')).listJobs(context)),
    )
  addLooks(job, run)
  addFiles(job, run)
}

function addLooks(job: Command, run: Run): void {
  withFlags(job.command('show').argument('<id>', 'the job'), operatorFlags)
    .description('a job: how far it is, what it made')
    .action((id, flags) =>
      run(flags, async (context) => (await import('./commands/job.ts')).showOneJob(context, id)),
    )
  withFlags(job.command('logs').argument('<id>', 'the job'), operatorFlags)
    .description('what the work wrote, and its losses')
    .action((id, flags) =>
      run(flags, async (context) => (await import('./commands/job.ts')).showLog(context, id)),
    )
  withFlags(job.command('cancel').argument('<id>', 'the job'), operatorFlags)
    .description('stop a job for good')
    .action((id, flags) =>
      run(flags, async (context) => (await import('./commands/job.ts')).cancelJob(context, id)),
    )
}

function addFiles(job: Command, run: Run): void {
  const report = job.command('report').argument('<id>', 'the job')
  withFlags(report.requiredOption('-o, --output <file>', '.html for a page, .json'), operatorFlags)
    .description('the report of a training')
    .action((id, flags) =>
      run(flags, async (context) =>
        (await import('./commands/job.ts')).writeReport(context, { id, file: flags.output }),
      ),
    )
  const output = job
    .command('output')
    .argument('<id>', 'the job')
    .argument('<name>', 'the output, as declared')
    .requiredOption('-o, --output <file>', 'where to write it')
  withFlags(output, operatorFlags)
    .description('what a job made, decrypted')
    .action((id, name, flags) =>
      run(flags, async (context) =>
        (await import('./commands/job.ts')).writeOutput(context, { id, name, file: flags.output }),
      ),
    )
}

export function addTrain(program: Command, run: Run): void {
  const command = program
    .command('train')
    .description('train a model from a table, reproducibly')
    .argument('<cid>', 'the table')
    .requiredOption('--target <column>', 'what the model tells')
    .addOption(
      new Option('--algorithm <name>', 'how it learns (trees)').choices([
        'logistic',
        'linear',
        'mlp',
        'trees',
      ]),
    )
    .addOption(
      new Option(
        '--task <task>',
        'regression for a target of numbers, else classification',
      ).choices(['classification', 'regression']),
    )
    .option('--features <columns>', 'columns with commas between (all but the target)', parseNames)
    .option('--seed <n>', 'of splits and first weights', parseSeed, 0)
    .option('--test <share>', 'of the rows, to measure on', parseShare, 0.2)
    .option('--validation <share>', 'of the rows, to stop by', parseShare, 0.15)
    .option('--folds <n>', 'cross-validate too', parseFolds)
    .addOption(
      new Option('--runtime <name>', 'onnx-wasm: the same bits anywhere; onnx-native: faster')
        .choices(['onnx-wasm', 'onnx-native'])
        .default('onnx-wasm'),
    )
    .option(
      '--at-data',
      'send the training to the node of a table that may not be downloaded',
      false,
    )
    .option('-o, --output <folder>', 'with --at-data: where model and report are written')
    .option('--from <url>', 'with --at-data: the node to ask (that of the owner)')
    .option('--dry-run', 'print the job that would run', false)
    .addHelpText(
      'after',
      examples([
        'train CID --target species',
        'train CID --target price --algorithm linear --features rooms,age',
        'train CID --target species --dry-run > training.json',
      ]),
    )
  withFlags(withOutputFlags(command), [...operatorFlags, 'account', 'passwordFile', 'rpcUrl'])
  command.action((cid, flags) => run(flags, async (context) => trainAsSaid(context, cid, flags)))
}

async function trainAsSaid(context: Context, cid: string, flags: OptionValues): Promise<void> {
  const options = {
    ...{ cid, target: flags.target, seed: flags.seed, test: flags.test },
    ...{ validation: flags.validation, isDryRun: flags.dryRun, isDetached: flags.detach },
    algorithm: flags.algorithm ?? null,
    task: flags.task ?? null,
    features: flags.features ?? null,
    folds: flags.folds ?? null,
    runtime: flags.runtime,
    outputs: outputsOf({ encrypt: flags.encrypt, access: flags.access, terms: flags.terms }),
  }
  if (!flags.atData) return (await import('./commands/train.ts')).train(context, options)
  if (flags.output === undefined)
    throw cliError('USAGE', '--at-data needs --output: the folder for model and report')
  if (flags.detach)
    throw cliError(
      'USAGE',
      '--at-data waits: cut off, the same command goes on; leave --detach out',
    )
  const { trainAtData } = await import('./commands/train-at-data.ts')
  return trainAtData(context, { ...options, directory: flags.output, from: flags.from ?? null })
}

/** Below `quoin data`, which is there before. */
export function addProcess(program: Command, run: Run): void {
  const data = program.commands.find((command) => command.name() === 'data')
  if (!data) return
  const command = withOutputFlags(
    data.command('process').argument('<file>', 'a pipeline of quoin/pipeline/1'),
  )
  withFlags(command, operatorFlags)
    .description('make tables of tables by declared steps')
    .action((file, flags) =>
      run(flags, async (context) =>
        (await import('./commands/job.ts')).processData(context, {
          file,
          isDetached: flags.detach,
          outputs: outputsOf(flags),
        }),
      ),
    )
}

function withOutputFlags(command: Command): Command {
  return command
    .option('--detach', 'do not wait for its end', false)
    .option('--encrypt', 'encrypt what it makes (when an input is)')
    .option('--no-encrypt', 'leave what it makes open')
    .addOption(
      new Option('--access <who>', 'who may read what it makes, unencrypted')
        .choices(['open', 'licensed'])
        .default('licensed'),
    )
    .option('--terms <text>', 'the licence of what it makes, in words', '')
}

function outputsOf(flags: { encrypt?: boolean; access: 'open' | 'licensed'; terms: string }) {
  return { encrypt: flags.encrypt ?? null, access: flags.access, terms: flags.terms }
}

function parseNames(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

function parseSeed(text: string): number {
  const seed = Number(text)
  if (Number.isSafeInteger(seed) && seed >= 0 && seed <= 0xffffffff) return seed
  throw new InvalidArgumentError('Write a whole number from 0 to 4294967295.')
}

function parseShare(text: string): number {
  const share = Number(text)
  if (share >= 0 && share <= 0.9) return share
  throw new InvalidArgumentError('Write a share from 0 to 0.9, such as 0.2.')
}

function parseFolds(text: string): number {
  const folds = Number(text)
  if (Number.isSafeInteger(folds) && folds >= 2 && folds <= 50) return folds
  throw new InvalidArgumentError('Write a whole number from 2 to 50.')
}
