import { createLedger } from '@quoin/ledger'
import { developmentAccount, type Node, version } from '@quoin/node'
import { type ModelEntry, NodeClient } from '../client/node-client.ts'
import type { Context } from '../context.ts'
import { formatCoin, formatCredit } from '../output/amounts.ts'
import { modelLines } from '../output/models.ts'
import { renderFacts } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'

type Fact = [label: string, value: string]

/** Where a node that has just started can be reached, what it has, and what to try. */
export async function announceNode(context: Context, node: Node, seconds: number): Promise<void> {
  const { terminal, signal } = context
  const { gatewayUrl, rpcUrl, monitorUrl, chainId, dataDir, provider, validator } = node
  const development = await readDevelopmentAccount(node)
  const models = gatewayUrl ? await new NodeClient(gatewayUrl, signal).models() : []
  terminal.document({
    gatewayUrl,
    rpcUrl,
    monitorUrl,
    peerAddresses: node.peerAddresses,
    chainId,
    dataDir,
    provider,
    validator,
    developmentAccount: development,
    models,
    readyAfterSeconds: seconds,
  })
  const dim = (text: string) => terminal.style('dim', text)
  const bold = (text: string) => terminal.style('bold', text)
  const facts: Fact[] = [
    ...(gatewayUrl ? [['Gateway', bold(gatewayUrl)] satisfies Fact] : []),
    ['JSON-RPC', `${bold(rpcUrl)}  ${dim(`chain ${chainId}`)}`],
    ...(monitorUrl
      ? [['Monitor', `${monitorUrl}  ${dim('/health /metrics /status')}`] satisfies Fact]
      : []),
    ...(gatewayUrl
      ? [['Provider', provider] satisfies Fact]
      : [['Validator', validator ?? 'none'] satisfies Fact]),
    ...(gatewayUrl && development.coins > 0n ? developmentFacts(development, terminal) : []),
    ...node.peerAddresses.map((address, at): Fact => [at === 0 ? 'Peers' : '', address]),
    ['Data', dataDir],
  ]
  terminal.line(`${bold('Quoin')} ${version}, ready in ${seconds.toFixed(1)} s`)
  terminal.line()
  for (const line of renderFacts(facts, { styleLabel: dim, indent: 2 })) terminal.line(line)
  terminal.line()
  if (gatewayUrl) suggest(models, terminal)
  terminal.line(dim('Ctrl-C stops it; the next start goes on from here.'))
}

type DevelopmentAccount = Awaited<ReturnType<typeof readDevelopmentAccount>>

async function readDevelopmentAccount({ rpcUrl, chainId }: Node) {
  await using ledger = createLedger({ rpcUrl, chainId })
  const { address } = developmentAccount
  const [credits, coins] = await Promise.all([
    ledger.credit.balanceOf(address),
    ledger.nativeBalanceOf(address),
  ])
  return { address, credits, coins }
}

function developmentFacts(account: DevelopmentAccount, terminal: Terminal): Fact[] {
  return [
    ['Account', account.address],
    ['', `${formatCredit(account.credits)}, ${formatCoin(account.coins)} coins`],
    ['', terminal.style('yellow', 'for development only: everybody knows its key')],
  ]
}

function suggest(models: readonly ModelEntry[], terminal: Terminal): void {
  for (const line of modelLines([...models], terminal)) terminal.line(`  ${line}`)
  terminal.line()
  terminal.line(`  ${terminal.style('dim', 'Try, in another terminal:')}`)
  terminal.line('  npx quoin demo')
  const chat = models.find(({ quoin }) => quoin.task === 'generation')
  if (chat) terminal.line(`  npx quoin call ${chat.id} "The state of the union is" --stream`)
  terminal.line()
}
