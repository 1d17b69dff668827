import type { GenerateChunk, GenerateRequest, Model, ModelManifest, Tensor } from '../interface.ts'
import { architectures } from './architectures.ts'
import type { Backend } from './backend.ts'
import { checkGenerateRequest, checkInputs, checkTexts } from './checks.ts'
import { contentId } from './content-id.ts'
import { createManifest, type ModelDefinition } from './definition.ts'
import type { Embedding, Engine, ModelFiles } from './engine.ts'
import { modelError } from './errors.ts'
import { fileNamed } from './files.ts'

/** Runs checked calls somewhere: in this thread, or in a pool of workers. */
export interface Executor {
  infer(inputs: Record<string, Tensor>, signal?: AbortSignal): Promise<Record<string, Tensor>>
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Embedding[]>
  generate(request: GenerateRequest, signal?: AbortSignal): AsyncIterable<GenerateChunk>
}

/** A model's public face: checks a call against the manifest, then has it executed. */
export function createModel(
  manifest: ModelManifest,
  { architecture }: Pick<ModelDefinition, 'architecture'>,
  { files, executor }: { files: ModelFiles; executor: Executor },
): Model {
  const { createTokenCounter, chatPrompt } = architectures[architecture]
  let counter: ((text: string) => number) | undefined
  const model: Model = {
    manifest,
    async infer(inputs, { signal } = {}) {
      checkInputs(manifest, inputs)
      return executor.infer(inputs, signal)
    },
  }
  if (createTokenCounter)
    model.countTokens = (text) => {
      counter ??= createTokenCounter(files)
      return counter(text)
    }
  if (chatPrompt) model.chatPrompt = chatPrompt
  if (manifest.task === 'embedding')
    model.embed = async (texts, { signal } = {}) => {
      checkTexts(manifest, texts)
      const embeddings = await executor.embed(texts, signal)
      return {
        vectors: embeddings.map(({ vector }) => vector),
        tokens: embeddings.reduce((sum, { tokens }) => sum + tokens, 0),
      }
    }
  if (manifest.task === 'generation')
    model.generate = (request, { signal } = {}) => {
      checkGenerateRequest(manifest, request)
      return executor.generate(request, signal)
    }
  return model
}

/**
 * Opens a model in this thread, in Node or in a browser: what re-executes a call to verify it. The
 * caller provides ONNX Runtime (`createBackend`) and the files, which are checked against their CIDs.
 */
export async function openModel(
  backend: Backend,
  definition: ModelDefinition,
  files: ModelFiles,
): Promise<Model & AsyncDisposable> {
  await checkFiles(definition, files)
  const engine = await architectures[definition.architecture].open(backend, files)
  const manifest = await createManifest(definition)
  const model = createModel(manifest, definition, { files, executor: createLocalExecutor(engine) })
  return Object.assign(model, { [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() })
}

/** @throws CodedError `MODEL_CORRUPT` when a file's content is not what its CID says. */
export async function checkFiles(definition: ModelDefinition, files: ModelFiles): Promise<void> {
  for (const [role, expected] of Object.entries(definition.files)) {
    const actual = await contentId(fileNamed(files, role))
    if (actual !== expected)
      throw modelError(
        'MODEL_CORRUPT',
        `The ${role} of ${definition.id} has the CID ${actual} where ${expected} is expected: install Quoin's packages again`,
        { detail: { role, actual, expected } },
      )
  }
}

function createLocalExecutor(engine: Engine): Executor {
  return {
    async infer(inputs, signal) {
      signal?.throwIfAborted()
      return engine.infer(inputs)
    },
    async embed(texts, signal) {
      signal?.throwIfAborted()
      if (!engine.embed) throw modelError('INPUT_INVALID', 'This model makes no embeddings')
      return engine.embed(texts)
    },
    generate(request, signal = new AbortController().signal) {
      if (!engine.generate) throw modelError('INPUT_INVALID', 'This model makes no text')
      return engine.generate(request, signal)
    },
  }
}
