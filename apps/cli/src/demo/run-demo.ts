import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hex, Scope } from '@quoin/kernel'
import { version } from '@quoin/node'
import { type Consumer, openConsumer } from '../client/consumer.ts'
import { findNode, readEndpoints, removeEndpoints, writeEndpoints } from '../client/endpoints.ts'
import type { ModelEntry } from '../client/node-client.ts'
import { startReadyNode } from '../commands/up.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import type { Settings } from '../settings/settings.ts'
import { assertionsOf } from './assertions.ts'
import { deploy } from './deploy.ts'
import { type Exchanged, exchange } from './exchange.ts'
import { authorize, freeze, settle } from './pay.ts'
import { renderCalls, renderEnd, renderStart, renderStep, renderVerification } from './render.ts'
import type { DemoReport, StepReport } from './report.ts'
import { runStep, type Stage } from './stage.ts'
import { verify } from './verify.ts'

export interface DemoOptions {
  /** Null takes the first model that generates text. */
  model: string | null
  dataDirGiven: boolean
  portsGiven: { gateway: boolean; rpc: boolean }
}

/** @throws CodedError `CHECK_FAILED` when anything that the demo shows does not hold. */
export async function runDemoCommand(context: Context, options: DemoOptions): Promise<void> {
  const startedAt = performance.now()
  await using scope = new Scope()
  const place = await findOrStart(context, options, scope)
  const consumer = scope.own(await openConsumer(place.context))
  const report = await runDemo(place.context, { ...place, consumer, options, startedAt })
  context.terminal.document(report)
  const failed = report.assertions.filter(({ holds }) => !holds)
  if (failed.length > 0)
    throw cliError('CHECK_FAILED', failed.map(({ statement }) => `${statement}: not so`).join('; '))
}

interface Place {
  /** Settings that point to the node. */
  context: Context
  dataDir: string
  startedHere: boolean
}

/** The node that was named or that runs on the data folder; else one of our own, which ends with the demo. */
async function findOrStart(context: Context, options: DemoOptions, scope: Scope): Promise<Place> {
  const { values: settings, origins } = await context.settings()
  if (settings.gatewayUrl) return { context, dataDir: settings.dataDir, startedHere: false }
  if (await readEndpoints(settings.dataDir))
    return { context, dataDir: settings.dataDir, startedHere: false }
  const own: Settings = {
    ...settings,
    dataDir: options.dataDirGiven ? settings.dataDir : await temporaryFolder(scope),
    gatewayPort: options.portsGiven.gateway ? settings.gatewayPort : 0,
    rpcPort: options.portsGiven.rpc ? settings.rpcPort : 0,
  }
  const node = scope.own(await startReadyNode(context, { ...own, services: 'all' }))
  const { gatewayUrl, rpcUrl, monitorUrl, dataDir } = node
  if (gatewayUrl === null) throw new Error('A node with all services has a gateway')
  await writeEndpoints(dataDir, { pid: process.pid, gatewayUrl, rpcUrl, monitorUrl })
  scope.defer(() => removeEndpoints(dataDir))
  const values = { ...own, gatewayUrl, rpcUrl }
  return {
    context: { ...context, settings: async () => ({ values, origins }) },
    dataDir,
    startedHere: true,
  }
}

async function temporaryFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-demo-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface DemoSetup extends Place {
  consumer: Consumer
  options: DemoOptions
  startedAt: number
}

async function runDemo(context: Context, setup: DemoSetup): Promise<DemoReport> {
  const { consumer } = setup
  const { terminal } = context
  const stage: Stage = {
    context,
    consumer,
    token: await readToken(setup.dataDir),
    model: await chooseModel(consumer, setup.options.model),
    provider: toAddress(consumer.info.provider),
    channelId: null,
  }
  const exchanged: Exchanged = { calls: [], evidence: [], proofs: new Map() }
  const steps: StepReport[] = []
  const show = async (step: Promise<StepReport>): Promise<void> => {
    const report = await step
    steps.push(report)
    renderStep(report, terminal)
    if (report.name === 'exchange') renderCalls(exchanged, terminal)
  }
  renderStart(setup, terminal)
  await show(runStep(stage, 'deploy', () => deploy(stage)))
  await show(runStep(stage, 'freeze', () => freeze(stage)))
  await show(runStep(stage, 'authorize', () => authorize(stage)))
  await show(runStep(stage, 'exchange', () => exchange(stage, exchanged)))
  await show(runStep(stage, 'settle', () => settle(stage)))
  const verification = await verify(stage, exchanged)
  renderVerification(verification, terminal)
  const assertions = assertionsOf(steps, exchanged, verification)
  const seconds = (performance.now() - setup.startedAt) / 1000
  renderEnd(assertions, seconds, terminal)
  const { gatewayUrl, rpcUrl } = await findNode((await context.settings()).values)
  const { chainId, provider } = consumer.info
  return {
    ok: assertions.every(({ holds }) => holds),
    version,
    node: { gatewayUrl, rpcUrl, chainId, provider, startedHere: setup.startedHere },
    payer: consumer.account.address,
    model: stage.model.id,
    steps,
    verification,
    assertions,
    seconds,
  }
}

/** By this token the demo publishes, anchors and settles at once instead of waiting for the node to. */
async function readToken(dataDir: string): Promise<string> {
  try {
    return (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()
  } catch (cause) {
    throw cliError(
      'REFUSED',
      `The demo acts as the node's operator too and needs ${join(dataDir, 'admin-token')}: name the node's folder with --data-dir`,
      { cause },
    )
  }
}

async function chooseModel(consumer: Consumer, wanted: string | null): Promise<ModelEntry> {
  if (wanted !== null) return consumer.node.model(wanted)
  const models = await consumer.node.models()
  const model =
    models.find(({ quoin }) => quoin.task === 'generation') ??
    models.find(({ quoin }) => quoin.task === 'embedding')
  if (model) return model
  throw cliError('NOT_FOUND', 'The node has no model that takes text')
}

function toAddress(text: string): Hex {
  return `0x${text.replace(/^0x/, '').toLowerCase()}`
}
