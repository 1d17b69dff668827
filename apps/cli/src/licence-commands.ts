import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  consumerFlags,
  examples,
  type FlagName,
  parseAddress,
  parseCount,
  parseCreditsOrNone,
  parseSeconds,
  withFlags,
} from './flags.ts'
import type { Run } from './run-program.ts'

const operatorFlags: FlagName[] = ['gatewayUrl', 'dataDir', 'json']

/** For those who sell rights to data, and those who buy them. */
export function addLicence(program: Command, run: Run): void {
  const licence = program
    .command('licence')
    .description('rights to data, models and programs: offer, buy, revoke')
    .addHelpText(
      'after',
      examples([
        'licence offer bafy… --purpose train,download --price 5 --royalty 10%',
        'licence list bafy…',
        'licence buy 0x… --account alice',
      ]),
    )
  addOffer(licence, run)
  addBuying(licence, run)
  addOwning(licence, run)
}

function addOffer(licence: Command, run: Run): void {
  const command = licence
    .command('offer')
    .description('sell a right to an artifact of the node, on terms that never change')
    .argument('<cid>', 'its CID')
    .addOption(
      new Option('--purpose <list>', 'use, train, download, derive; commas between')
        .argParser(parsePurposes)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--price <credits>', 'once, or for each --duration, or each use; 0: free')
        .argParser(parseCreditsOrNone)
        .makeOptionMandatory(),
    )
    .option('--royalty <share>', 'of what is made of it earns: 10% (none)', parseShare, 0)
    .option('--duration <time>', 'how long a right lasts: 12h, 30d (for ever)', parseSeconds)
    .option('--per-use', 'each use is paid and spent', false)
    .option('--transferable', 'its holder may pass it on', false)
    .option('--revocable', 'you may take it back for the unused part', false)
    .option('--buyer <address...>', 'only these accounts may buy (anyone)')
    .addOption(
      new Option('--key-within <time>', 'the price waits so long for the key')
        .argParser(parseSeconds)
        .default(86_400, '1d'),
    )
    .option('--text <file>', 'the licence for humans; its hash goes on the chain')
  withFlags(command, operatorFlags).action((cid, flags) =>
    run(flags, async (context) =>
      (await import('./commands/licence-offer.ts')).offerLicence(context, { ...flags, cid }),
    ),
  )
}

function addBuying(licence: Command, run: Run): void {
  withFlags(licence.command('list').argument('<cid>', 'its CID'), ['rpcUrl', 'dataDir', 'json'])
    .description('what is offered for an artifact')
    .action((cid, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-buy.ts')).listOffers(context, cid),
      ),
    )
  withFlags(
    licence.command('buy').argument('<offer>', 'its id, see `quoin licence list`'),
    consumerFlags,
  )
    .description('buy a right, and wait for the content key')
    .option('--quantity <n>', 'how many durations, or uses', parseCount, 1)
    .addOption(
      new Option('--wait <time>', 'how long to wait for the key')
        .argParser(parseSeconds)
        .default(60, '1m'),
    )
    .action((offer, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-buy.ts')).buyLicence(context, { ...flags, offer }),
      ),
    )
  withFlags(
    licence.command('rights').argument('[account]', 'an address (the account)'),
    consumerFlags,
  )
    .description('what an account bought and may do')
    .action((account, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-buy.ts')).listRights(
          context,
          account === undefined ? null : parseAddress(account),
        ),
      ),
    )
  withFlags(licence.command('reclaim').argument('<offer>', 'its id'), consumerFlags)
    .description('take the price back where the content key did not come in time')
    .action((offer, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-buy.ts')).reclaimPrice(context, offer),
      ),
    )
}

function addOwning(licence: Command, run: Run): void {
  withFlags(licence.command('close').argument('<offer>', 'its id'), operatorFlags)
    .description('sell no more under an offer; what was sold stays')
    .action((offer, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-offer.ts')).closeOffer(context, offer),
      ),
    )
  withFlags(
    licence
      .command('revoke')
      .argument('<offer>', 'its id')
      .argument('<holder>', 'whose right', parseAddress),
    operatorFlags,
  )
    .description('take a revocable right back, for the unused part of its price')
    .action((offer, holder, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-offer.ts')).revokeRight(context, { offer, holder }),
      ),
    )
  withFlags(
    licence
      .command('custodian')
      .argument('<cid>', 'its CID')
      .argument('<account>', 'of the node that keeps it', parseAddress),
    operatorFlags,
  )
    .description('name a node that keeps the content key and delivers it for you')
    .option('--remove', 'it is one no longer', false)
    .action((cid, account, flags) =>
      run(flags, async (context) =>
        (await import('./commands/licence-offer.ts')).nameCustodian(context, {
          ...flags,
          cid,
          account,
        }),
      ),
    )
}

function parsePurposes(text: string): string[] {
  const known = ['use', 'train', 'download', 'derive']
  const given = text.split(',').map((one) => one.trim())
  if (given.every((one) => known.includes(one))) return [...new Set(given)]
  throw new InvalidArgumentError('Write some of use, train, download, derive, commas between.')
}

/** `10%` in basis points. */
function parseShare(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,2})?)\s*%$/.exec(text)
  const basisPoints = Math.round(Number(match?.[1] ?? Number.NaN) * 100)
  if (basisPoints >= 0 && basisPoints <= 10_000) return basisPoints
  throw new InvalidArgumentError('Write a share such as 10% or 2.5%.')
}
