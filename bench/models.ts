/**
 * What a served model call costs beside the same runs on ONNX Runtime called directly, in one
 * process. Run: node bench/models.ts [--json]
 * A "run" is one text, one image or one generated token; CPU is that of all threads.
 */
import { createModelHost, loadFiles, type Model, type ModelDefinition } from '@quoin/models'
import { embeddedModels, type OrtApi, sessionOptions } from '@quoin/models/core'

const seconds = 2
/** V8 compiles WebAssembly's hot code only after a while. */
const warmUpSeconds = 3
const text = 'A receipt binds what was asked, answered and charged for.'
const textTokens = 18
const tokens = 20

interface Figures {
  cpuMs: number
  latencyMs: number
}

interface Row {
  model: string
  runtime: string
  direct: Figures
  served: Figures
  concurrent: Figures
}

/** Repeats `work` for a while; figures are means over its runs. */
async function measure(runsPerCall: number, work: () => Promise<unknown>): Promise<Figures> {
  for (const end = performance.now() + warmUpSeconds * 1_000; performance.now() < end; )
    await work()
  const cpu = process.cpuUsage()
  const start = performance.now()
  let calls = 0
  while (performance.now() - start < seconds * 1_000) {
    await work()
    calls += 1
  }
  const { user, system } = process.cpuUsage(cpu)
  const runs = calls * runsPerCall
  return { cpuMs: (user + system) / 1_000 / runs, latencyMs: (performance.now() - start) / runs }
}

async function loadOrt(runtime: ModelDefinition['runtime']): Promise<OrtApi> {
  if (runtime === 'onnx-native') return import('onnxruntime-node')
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = 1
  return ort
}

/** The inputs that a served call leads to, given to the session without anything around it. */
async function measureDirect(definition: ModelDefinition): Promise<Figures> {
  const { InferenceSession, Tensor } = await loadOrt(definition.runtime)
  const { model } = await loadFiles(definition.architecture)
  if (model === undefined) throw new Error(`${definition.id} has no model file`)
  const options = structuredClone<Parameters<typeof InferenceSession.create>[1]>(
    sessionOptions[definition.runtime],
  )
  const session = await InferenceSession.create(model, options)
  const feeds = {
    embedding: () => ({
      ids: new Tensor('int32', new Int32Array(textTokens).fill(7), [1, textTokens]),
    }),
    generation: () => ({ ids: new Tensor('int64', new BigInt64Array(16).fill(7n), [1, 16]) }),
    regression: () => ({}),
    classification: () => ({
      image: new Tensor('float32', new Float32Array(224 * 224 * 3).fill(0.5), [1, 224, 224, 3]),
    }),
  }[definition.task]()
  const figures = await measure(1, () => session.run(feeds))
  await session.release()
  return figures
}

async function callOnce(model: Model): Promise<void> {
  if (model.embed) await model.embed([text])
  else if (model.generate) {
    const request = { prompt: 'a b c d e f', temperature: 1, topK: 40, seed: 1, stop: [] }
    for await (const _ of model.generate({ ...request, maxTokens: tokens }));
  } else {
    const data = new Float32Array(224 * 224 * 3).fill(0.5)
    await model.infer({ image: { type: 'float32', shape: [1, 224, 224, 3], data } })
  }
}

async function measureModel(definition: ModelDefinition): Promise<Row> {
  const { id, runtime } = definition
  const direct = await measureDirect(definition)
  await using host = await createModelHost({ models: [definition] })
  await host.ready()
  const model = host.models.get(id)
  if (model === undefined) throw new Error(`${id} is not served`)
  const runs = model.generate ? tokens : 1
  const served = await measure(runs, () => callOnce(model))
  const concurrent = await measure(runs * 16, () =>
    Promise.all(Array.from({ length: 16 }, () => callOnce(model))),
  )
  return { model: id, runtime, direct, served, concurrent }
}

async function measureStart(): Promise<{ startMs: number; residentMb: number }> {
  const start = performance.now()
  await using host = await createModelHost()
  await host.ready()
  return {
    startMs: performance.now() - start,
    residentMb: process.memoryUsage().rss / 2 ** 20,
  }
}

const start = await measureStart()
const classifierOnNative = embeddedModels
  .filter(({ id }) => id === 'moderation' || id === 'tiny-lm')
  .map((definition) => ({ ...definition, runtime: 'onnx-native' as const }))
const rows: Row[] = []
for (const definition of [...embeddedModels, ...classifierOnNative])
  rows.push(await measureModel(definition))

if (process.argv.includes('--json')) console.log(JSON.stringify({ ...start, rows }, null, 2))
else {
  console.log(
    `all embedded models ready in ${Math.round(start.startMs)} ms, ${Math.round(start.residentMb)} MB resident`,
  )
  console.table(
    rows.map(({ model, runtime, direct, served, concurrent }) => ({
      model,
      runtime,
      'direct CPU ms': direct.cpuMs.toFixed(2),
      'served CPU ms': served.cpuMs.toFixed(2),
      '16 at once CPU ms': concurrent.cpuMs.toFixed(2),
      'CPU served/direct': (served.cpuMs / direct.cpuMs).toFixed(2),
      'CPU 16/direct': (concurrent.cpuMs / direct.cpuMs).toFixed(2),
      'direct ms': direct.latencyMs.toFixed(2),
      'served ms': served.latencyMs.toFixed(2),
    })),
  )
}
process.exit(0)
