import { type Command, Option } from 'commander'
import {
  consumerFlags,
  examples,
  type FlagName,
  parseCount,
  parseSeconds,
  withFlags,
} from './flags.ts'
import type { Run } from './run-program.ts'

const operatorFlags: FlagName[] = ['gatewayUrl', 'dataDir', 'json']
const readerFlags: FlagName[] = ['account', 'passwordFile', 'rpcUrl', 'dataDir', 'json']
const fromOption = () => new Option('--from <url>', "a node to fetch from (the owner's)")

/** For those who own data, and those who use it. */
export function addData(program: Command, run: Run): void {
  const data = program
    .command('data')
    .description('publish data, models and programs; fetch, query and check them')
    .addHelpText(
      'after',
      examples([
        'data publish ./penguins.csv --encrypt',
        'data get bafy… -o penguins.csv',
        'data query bafy… "select species, count(*) from data group by 1"',
      ]),
    )
  addPublish(data, run)
  addGet(data, run)
  addCatalogue(data, run)
  addQuery(data, run)
  addArchives(data, run)
  addKeeping(data, run)
}

function addPublish(data: Command, run: Run): void {
  const command = data
    .command('publish')
    .description('store a file, a folder or a URL, and register it on the chain')
    .argument('<source>', 'a path on the machine of the node, or http(s)://…')
    .option('--encrypt', 'only who has its key can read it', false)
    .option('--open', 'give it to anyone, without a licence', false)
    .option('--name <name>', 'its name; the same name again is a new version (the file’s)')
    .addOption(
      new Option('--kind <kind>', 'what it is (dataset for tables, else other)').choices([
        'dataset',
        'model',
        'program',
        'image',
        'other',
      ]),
    )
    .option('--media-type <type>', 'as text/csv (by the name)')
    .option('--terms <text>', 'the licence in words: a name or a URL', '')
    .option('--every <time>', 'look again and again: 1h; a change is a version', parseSeconds)
    .option('--hide-columns', 'do not tell the columns of a table', false)
    .addHelpText(
      'after',
      examples(['data publish ./penguins.csv --encrypt', 'data publish ./docs --open --name docs']),
    )
  withFlags(command, operatorFlags).action((source, flags) =>
    run(flags, async (context) =>
      (await import('./commands/data-publish.ts')).publishData(context, { ...flags, source }),
    ),
  )
}

function addGet(data: Command, run: Run): void {
  const command = data
    .command('get')
    .description('fetch an artifact, check every block, decrypt it')
    .argument('<cid>', 'its CID')
    .option('-o, --output <path>', 'where to write it (its name, here)')
    .addOption(fromOption())
  withFlags(command, readerFlags).action((cid, flags) =>
    run(flags, async (context) =>
      (await import('./commands/data-get.ts')).getData(context, { ...flags, cid }),
    ),
  )
}

function addCatalogue(data: Command, run: Run): void {
  withFlags(data.command('list'), operatorFlags)
    .description('what the node has, the newest first')
    .action((flags) =>
      run(flags, async (context) => (await import('./commands/data-list.ts')).listData(context)),
    )
  withFlags(data.command('show').argument('<cid>', 'its CID').addOption(fromOption()), [
    ...operatorFlags,
    'rpcUrl',
  ])
    .description('what an artifact is, its columns, and the licences offered for it')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-list.ts')).showData(context, { ...flags, cid }),
      ),
    )
  withFlags(data.command('collections'), operatorFlags)
    .description('sources that the node looks at again and again')
    .option('--stop <name>', 'look at this one no more; its versions stay')
    .action((flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-publish.ts')).listCollections(context, flags),
      ),
    )
  withFlags(data.command('access-log').argument('<cid>', 'its CID'), operatorFlags)
    .description('who had its key or its blocks from this node, and who was refused')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-list.ts')).showAccessLog(context, cid),
      ),
    )
}

function addQuery(data: Command, run: Run): void {
  const query = data
    .command('query')
    .description('ask a table in SQL; the table is called data')
    .argument('<cid>', 'its CID')
    .argument('<sql>', 'one SELECT; - reads standard input')
    .addOption(
      new Option('--as <what>', 'columns, or one column "document" of JSON')
        .choices(['table', 'documents'])
        .default('table'),
    )
    .option('--limit <rows>', 'how many rows to show', parseCount, 100)
    .addOption(fromOption())
    .addHelpText(
      'after',
      examples([
        'data query bafy… "select island, avg(mass) from data group by island"',
        'data query bafy… "select document->>\'name\' from data" --as documents',
      ]),
    )
  withFlags(query, readerFlags).action((cid, sql, flags) =>
    run(flags, async (context) =>
      (await import('./commands/data-query.ts')).queryData(context, {
        ...flags,
        cid,
        sql: await (await import('./client/text-input.ts')).readText(sql),
      }),
    ),
  )
  withFlags(
    data.command('preview').argument('<cid>', 'its CID').addOption(fromOption()),
    readerFlags,
  )
    .description('what is in the columns of a table, with histograms')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-query.ts')).previewData(context, { ...flags, cid }),
      ),
    )
}

function addArchives(data: Command, run: Run): void {
  withFlags(
    data
      .command('export')
      .argument('<cid>', 'its CID')
      .argument('<file>', 'the CAR to write')
      .addOption(fromOption()),
    readerFlags,
  )
    .description('write all its blocks, as they are, into a CAR')
    .action((cid, file, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-car.ts')).exportData(context, { ...flags, cid, file }),
      ),
    )
  withFlags(data.command('import').argument('<file>', 'a CAR'), ['dataDir', 'json'])
    .description('check a CAR and take its blocks into the data folder')
    .option('-o, --output <path>', 'write the content there, where it is not encrypted')
    .action((file, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-car.ts')).importData(context, { ...flags, file }),
      ),
    )
}

function addKeeping(data: Command, run: Run): void {
  withFlags(
    data.command('keep').argument('<cid>', 'its CID').addOption(fromOption()),
    operatorFlags,
  )
    .description('let the node keep a copy, and serve it; a custodian gets the key too')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-publish.ts')).keepData(context, { ...flags, cid }),
      ),
    )
  withFlags(data.command('remove').argument('<cid>', 'its CID'), operatorFlags)
    .description('let the node serve it no more, and free its place; the chain keeps it')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-publish.ts')).removeData(context, cid),
      ),
    )
  withFlags(data.command('verify').argument('<cid>', 'its CID'), consumerFlags)
    .description('challenge a node to prove that it still has an artifact')
    .option('--samples <n>', 'how many random places', parseCount, 20)
    .addOption(new Option('--from <url>', 'the node to challenge (all that the chain knows)'))
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/data-verify.ts')).verifyData(context, { ...flags, cid }),
      ),
    )
}
