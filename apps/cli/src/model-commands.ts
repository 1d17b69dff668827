import { type Command, InvalidArgumentError, Option } from 'commander'
import { examples, type FlagName, parseCreditsOrNone, withFlags } from './flags.ts'
import type { Run } from './run-program.ts'

const operatorFlags: FlagName[] = ['gatewayUrl', 'dataDir', 'json']

/** For those who serve models. */
export function addModel(program: Command, run: Run): void {
  const model = program
    .command('model')
    .description('serve trained models for a price, in versions')
    .addHelpText(
      'after',
      examples([
        'model deploy ./iris.onnx --name iris --price 0.001',
        'model deploy ./better.onnx --name iris --price 0.001 --canary 10%',
        'model promote iris',
      ]),
    )
  addDeploy(model, run)
  addSteps(model, run)
  withFlags(model.command('list'), operatorFlags)
    .description('models that were deployed, with their versions')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/model.ts')).listModels(context)),
    )
  withFlags(model.command('retire').argument('<name>', 'the model'), operatorFlags)
    .description('serve a model, or one of its versions, no more')
    .option('--version <version>', 'this version alone')
    .action((name, flags) =>
      run(flags, async (context) =>
        (await import('./commands/model.ts')).retireModel(context, {
          name,
          version: flags.version ?? null,
        }),
      ),
    )
}

function addDeploy(model: Command, run: Run): void {
  const command = model
    .command('deploy')
    .description('serve an ONNX model of rows')
    .argument('<model>', 'an ONNX file, or the CID of an artifact')
    .requiredOption('--name <name>', 'what callers name it')
    .addOption(
      new Option('--price <credits>', 'for each call, shared by the lineage')
        .argParser(parseCreditsOrNone)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--row-price <credits>', 'for each row of a call')
        .argParser(parseCreditsOrNone)
        .default(0n, 'none'),
    )
    .option('--version <version>', 'its version (the next number)')
    .option('--canary <share>', 'answers only this share of the calls: 10%', parseShare)
    .addOption(
      new Option('--class <class>', 'verifiable: the same bits anywhere; fast: native code')
        .choices(['verifiable', 'fast'])
        .default('verifiable'),
    )
    .option('--title <text>', 'for people (its name)')
    .option('--licence <text>', 'of a model that is not on the chain yet')
  withFlags(command, operatorFlags).action((file, flags) =>
    run(flags, async (context) =>
      (await import('./commands/model.ts')).deployModel(context, {
        ...{ model: file, name: flags.name, price: flags.price, rowPrice: flags.rowPrice },
        ...{ version: flags.version ?? null, canary: flags.canary ?? null },
        ...{ title: flags.title ?? null, licence: flags.licence ?? null },
        class: flags.class === 'fast' ? 'fast' : 'verifiable',
      }),
    ),
  )
}

function addSteps(model: Command, run: Run): void {
  const steps = [
    ['promote', 'let the canary answer all calls'],
    ['rollback', 'take the canary back or, without one, the version before'],
  ] as const
  for (const [step, description] of steps)
    withFlags(model.command(step).argument('<name>', 'the model'), operatorFlags)
      .description(description)
      .action((name, flags) =>
        run(flags, async (context) =>
          (await import('./commands/model.ts')).stepModel(context, { name, step }),
        ),
      )
}

/** `10%` or `0.1`. */
function parseShare(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  const share = Number(match?.[1] ?? Number.NaN) / (match?.[2] ? 100 : 1)
  if (share > 0 && share < 1) return share
  throw new InvalidArgumentError('Write a share between none and all, such as 10%.')
}
