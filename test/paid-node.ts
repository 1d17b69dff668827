import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis, openChain, validatorOf } from '@quoin/chain'
import { genesisAlloc, predeployAddresses } from '@quoin/contracts'
import { createGateway, type Service } from '@quoin/gateway'
import { type Hex, hexToBytes, Scope } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { type MarketOptions, openMarket } from '@quoin/market'
import { createModelHost, type ModelHost } from '@quoin/models'
import { mnemonicToAccount } from 'viem/accounts'

const mnemonic = 'test test test test test test test test test test test junk'
const accountOf = (addressIndex: number) => mnemonicToAccount(mnemonic, { addressIndex })
const validatorKey = hexToBytes(`0x${'11'.repeat(32)}`)
const providerKey = hexToBytes(`0x${'22'.repeat(32)}`)

export const chainId = 31402
export const network = `eip155:${chainId}` as const
export const operatorToken = 'only-for-tests'
/** Prices of every model: atomic units for a million tokens. */
const price = {
  callAtomic: 0n,
  inAtomicPerMillion: 2_000_000n,
  outAtomicPerMillion: 5_000_000n,
}

export interface PaidNodeOptions {
  payers: number
  /** The embedded ones when absent. */
  models?: ModelHost
  payments?: NonNullable<MarketOptions['payments']>
}

/** A whole paid node of real parts on free ports: chain, contracts at genesis, market, models, gateway. */
export async function startPaidNode(options: PaidNodeOptions) {
  const scope = new Scope()
  try {
    const folder = await mkdtemp(join(tmpdir(), 'quoin-paid-'))
    scope.defer(() => rm(folder, { recursive: true }))
    const payers = Array.from({ length: options.payers }, (_, index) => accountOf(index))
    const provider = privateKeyToAddress(providerKey)
    const funded = payers.map(({ address }) => address)
    const chain = scope.own(
      await openChain({
        dataDir: join(folder, 'chain'),
        genesis: genesisOf(funded, provider),
        validatorKey,
        rpc: { host: '127.0.0.1', port: 0 },
      }),
    )
    const { rpcUrl } = chain
    const models = options.models ?? scope.own(await createModelHost())
    await models.ready()
    const dataDir = join(folder, 'market')
    const settlement = { intervalMs: 0, anchorIntervalMs: 0 }
    const market = scope.own(
      await openMarket({
        dataDir,
        rpcUrl,
        chainId,
        providerKey,
        settlement,
        payments: options.payments ?? {},
      }),
    )
    const gateway = scope.own(
      await createGateway({
        models,
        market,
        services: new Map(
          [...models.models.keys()].map((id, at) => [id, serviceOf(models, id, at)]),
        ),
        health: async () => ({
          ready: true,
          missing: [],
          height: Number((await chain.execution.head()).number),
          contracts: predeployAddresses,
        }),
        info: { version: '0', chainId, rpcUrl, provider, contracts: predeployAddresses },
        operatorToken,
      }),
    )
    const { url } = await gateway.listen({ host: '127.0.0.1', port: 0 })
    const dispose = () => scope[Symbol.asyncDispose]()
    return { url, rpcUrl, payers, provider, market, models, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

function genesisOf(payers: Hex[], provider: Hex) {
  return createGenesis({
    chainId,
    timestamp: Math.floor(Date.now() / 1000),
    validators: [validatorOf(validatorKey)],
    blockTimeMs: 50,
    alloc: genesisAlloc({
      creditOwner: payers[0] ?? provider,
      credits: payers.map((address) => ({ address, amount: 1_000_000_000n })),
      balances: [...payers, provider].map((address) => ({ address, wei: 10n ** 20n })),
    }),
  })
}

function serviceOf(models: ModelHost, modelId: string, index: number): Service {
  const serviceId = `0x${(index + 1).toString(16).padStart(64, '0')}` as const
  const { class: kind } = models.models.get(modelId)?.manifest ?? { class: 'fast' }
  return { serviceId, modelId, class: kind, ...price }
}
