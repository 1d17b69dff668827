/**
 * Makes assets/moderation/model.onnx from the npm package nsfwjs (MIT), which is no dependency of
 * ours: it pulls all of TensorFlow.js. Fetch it by hand, then convert:
 *
 *     npm pack nsfwjs@4.4.0 && tar xf nsfwjs-4.4.0.tgz
 *     node packages/models/scripts/moderation/convert.ts package
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { argv } from 'node:process'
import { z } from 'zod/mini'
import { decodeWeights, weightsManifestSchema } from '../../src/convert/tfjs-weights.ts'
import { contentId } from '../../src/core/content-id.ts'
import { layersModelSchema } from './keras-layers.ts'
import { kerasToOnnx } from './keras-to-onnx.ts'

const [, , folder] = argv
if (folder === undefined)
  throw new Error('Usage: convert.ts FOLDER, the unpacked npm package nsfwjs')

const require = createRequire(resolve(folder, 'package.json'))
const source = './dist/models/mobilenet_v2'
const description: unknown = require(`${source}/model.min.js`)
const shard = z.parse(z.string(), require(`${source}/group1-shard1of1.min.js`))

const { layers } = z.parse(layersModelSchema, description).modelTopology.model_config.config
const { weightsManifest } = z.parse(
  z.object({ weightsManifest: weightsManifestSchema }),
  description,
)
const model = kerasToOnnx(layers, decodeWeights(weightsManifest, Buffer.from(shard, 'base64')), {
  graph: 'moderation_mobilenet_v2',
  input: 'image',
  output: 'probabilities',
  classes: 5,
})
writeFileSync(new URL('../../assets/moderation/model.onnx', import.meta.url), model)
console.log(`${model.length} bytes, CID ${await contentId(model)}`)
