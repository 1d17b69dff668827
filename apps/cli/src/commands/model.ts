import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { findNode } from '../client/endpoints.ts'
import { type Deployment, type DeployOrder, NodeClient } from '../client/node-client.ts'
import { openOperator } from '../client/operator.ts'
import type { Context } from '../context.ts'
import { formatCredit } from '../output/amounts.ts'
import { renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'

export interface DeployOptions {
  /** An ONNX file, or the CID of an artifact. */
  model: string
  name: string
  price: bigint
  rowPrice: bigint
  version: string | null
  /** Of the calls, above 0 and below 1. */
  canary: number | null
  class: 'verifiable' | 'fast'
  title: string | null
  licence: string | null
}

/** Serves a model as a new name or a further version; the registry has it with its price. */
export async function deployModel(context: Context, options: DeployOptions): Promise<void> {
  const { node, token } = await openOperator(context)
  context.terminal.progress(`Deploying ${options.name} …`)
  const deployment = await node.deploy(token, toOrder(options))
  context.terminal.document(deployment)
  showDeployments([deployment], context.terminal)
  const { name } = deployment
  context.terminal.line()
  context.terminal.line(`Call it at ${node.url}/v2/models/${name}/infer`)
}

export async function stepModel(
  context: Context,
  { name, step }: { name: string; step: 'promote' | 'rollback' },
): Promise<void> {
  const { node, token } = await openOperator(context)
  const deployment = await node[step](token, name)
  context.terminal.document(deployment)
  showDeployments([deployment], context.terminal)
}

export async function retireModel(
  context: Context,
  { name, version }: { name: string; version: string | null },
): Promise<void> {
  const { node, token } = await openOperator(context)
  const retired = await node.retire(token, name, version)
  context.terminal.document({ name, retired })
  context.terminal.line(`${name} is served no more in version ${retired.join(', ')}`)
}

export async function listModels(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const { gatewayUrl } = await findNode(settings)
  const models = await new NodeClient(gatewayUrl, context.signal).deployments()
  const { terminal } = context
  terminal.document({ models })
  if (models.length > 0) showDeployments(models, terminal)
  else terminal.line('Nothing is deployed here; `quoin model deploy FILE` does.')
}

function toOrder(options: DeployOptions): DeployOrder {
  const { model, name, price, rowPrice, version, canary, title, licence } = options
  return {
    name,
    ...(isCid(model) && !existsSync(model) ? { cid: model } : { file: resolve(model) }),
    class: options.class,
    callAtomic: `${price}`,
    rowAtomic: `${rowPrice}`,
    ...(version !== null && { version }),
    ...(canary !== null && { canary }),
    ...(title !== null && { title }),
    ...(licence !== null && { licence }),
  }
}

/** Version 1 in base32, or version 0. */
function isCid(text: string): boolean {
  return /^(b[a-z2-7]{20,}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/.test(text)
}

function showDeployments(deployments: Deployment[], terminal: Terminal): void {
  const rows = deployments.flatMap((deployment) =>
    deployment.versions.map((version) => [
      deployment.name,
      version.version,
      standing(deployment, version.version),
      deployment.task,
      version.class,
      formatCredit(version.callAtomic),
      formatCredit(version.rowAtomic),
      version.modelCid,
    ]),
  )
  const columns = [
    ...[{ title: 'Model' }, { title: 'Version' }, { title: 'Answers' }, { title: 'Task' }],
    { title: 'Class' },
    { title: 'A call', align: 'right' as const },
    { title: 'A row', align: 'right' as const },
    { title: 'CID' },
  ]
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

function standing({ current, canary }: Deployment, version: string): string {
  if (canary?.version === version) return `${Number((canary.share * 100).toFixed(2))}%`
  if (version !== current) return 'if asked for'
  return canary ? `${Number((100 - canary.share * 100).toFixed(2))}%` : 'all'
}
