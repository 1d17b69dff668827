import { createGateway, type Service } from '@quoin/gateway'
import type { Hex } from '@quoin/kernel'
import { openMarket } from '@quoin/market'
import { createModelHost, type Model, type ModelHost } from '@quoin/models'
import { providerKey } from './keys.ts'
import { answerQuestions, priceAtomic, ServerOrders, type ServerReport } from './protocol.ts'

/**
 * Our gateway on our market, selling a model that answers at once, so that only the cost of serving is left,
 * and the embedded embedding model; each of them for money and for free.
 */
const orders = ServerOrders.parse(JSON.parse(process.argv[2] ?? ''))
const embedded = await createModelHost({ maxWorkersPerModel: 1 })
await embedded.ready()
const real = embedded.models.get('use-lite')
if (!real) throw new Error('The embedded embedding model is gone')
const models = createHost([
  instantEmbedder('paid', '1'),
  instantEmbedder('free', '2'),
  renamed(real, 'real-paid'),
  renamed(real, 'real-free'),
])
const market = await openMarket({ ...orders, providerKey })
const services = new Map<string, Service>([
  ['paid', serviceOf('paid', '1', priceAtomic * 1_000_000n)],
  ['free', serviceOf('free', '2', 0n)],
  ['real-paid', serviceOf('real-paid', '3', 10_000_000n)],
  ['real-free', serviceOf('real-free', '4', 0n)],
])
const gateway = await createGateway({
  models,
  market,
  services,
  health: async () => ({ ready: true, missing: [], height: 0, contracts: {} }),
  info: {
    version: '0',
    chainId: orders.chainId,
    rpcUrl: orders.rpcUrl,
    provider: market.providerAddress,
    contracts: {},
  },
})
const { url } = await gateway.listen({ host: '127.0.0.1', port: 0 })
answerQuestions()
const ready: ServerReport = {
  kind: 'ready',
  paidUrl: `${url}/v1/embeddings`,
  freeUrl: `${url}/v1/embeddings`,
}
process.send?.(ready)

function serviceOf(modelId: string, digit: string, inAtomicPerMillion: bigint): Service {
  const serviceId: Hex = `0x${digit.repeat(64)}`
  return {
    serviceId,
    modelId,
    class: 'fast',
    callAtomic: 0n,
    inAtomicPerMillion,
    outAtomicPerMillion: 0n,
  }
}

function renamed(model: Model, id: string): Model {
  return Object.assign(Object.create(model), { manifest: { ...model.manifest, id } })
}

function instantEmbedder(id: string, digit: string): Model {
  return {
    manifest: {
      id,
      title: id,
      description: 'Answers at once',
      licence: 'Apache-2.0',
      task: 'embedding',
      class: 'fast',
      runtime: 'onnx-native',
      modelCid: `bafk-${id}`,
      runtimeId: `0x${digit.repeat(64)}`,
      inputs: [],
      outputs: [{ name: 'vectors', type: 'float32', shape: [null, 8] }],
      limits: { maxBatch: 4, maxInputBytes: 10_000 },
      unit: 'token',
      createdAt: '2026-01-01T00:00:00Z',
    },
    infer: async () => ({}),
    countTokens: (text) => text.split(' ').length,
    embed: async (texts) => ({
      vectors: texts.map(() => new Float32Array(8).fill(0.5)),
      tokens: texts.reduce((sum, text) => sum + text.split(' ').length, 0),
    }),
  }
}

function createHost(list: Model[]): ModelHost {
  return {
    models: new Map(list.map((model) => [model.manifest.id, model])),
    ready: async () => {},
    async [Symbol.asyncDispose]() {},
  }
}
