import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { embeddedModels } from './catalog/embedded-models.ts'
import { loadFiles } from './catalog/load-files.ts'
import { createManifest } from './core/definition.ts'
import { checkFiles } from './core/model.ts'
import { createModelHost } from './host.ts'

/** Bits that anyone can re-execute: when this changes, old receipts need the old runtime. */
const runtimeIds: Record<string, string> = {
  'use-lite': '0x76f9eb817c6bca92f173532b12665c994b582f16acb391ef58ebd035b7d749cc',
  'tiny-lm': '0x0aa936b865216728168fbb88fefce2f86e79e7d440fd737a8075c94aebf5b844',
  moderation: '0xba6e51d88b4f111a30a22d8558b61d08848fb4068e6db0021a44172866554803',
}

suite('the model host', () => {
  test('serves calls that were made before it was ready', async () => {
    const models = embeddedModels.filter(({ id }) => id === 'use-lite')
    await using host = await createModelHost({ models, warmUpMs: 0 })
    const early = host.models.get('use-lite')?.embed?.(['early'])
    await host.ready()
    assert.equal((await early)?.vectors[0]?.length, 512)
  })

  test('all workers of a verifiable model give the same bits', async () => {
    const models = embeddedModels.filter(({ id }) => id === 'use-lite')
    await using host = await createModelHost({ models, maxWorkersPerModel: 2, warmUpMs: 0 })
    const model = host.models.get('use-lite')
    const texts = Array.from({ length: 200 }, (_, index) => `number ${index % 4}`)
    const answers = await Promise.all(texts.map(async (text) => model?.embed?.([text])))
    for (const [index, answer] of answers.entries())
      assert.deepEqual(answer?.vectors, answers[index % 4]?.vectors)
  })

  test('the runtime ids of verifiable models change only on purpose', async () => {
    const verifiable = embeddedModels.filter(({ runtime }) => runtime === 'onnx-wasm')
    const manifests = await Promise.all(verifiable.map(createManifest))
    assert.deepEqual(
      Object.fromEntries(manifests.map(({ id, runtimeId }) => [id, runtimeId])),
      runtimeIds,
    )
  })

  test('model ids are unique, and the same file has one CID in both classes', async () => {
    const manifests = await Promise.all(embeddedModels.map(createManifest))
    assert.equal(new Set(manifests.map(({ id }) => id)).size, manifests.length)
    const [verifiable, fast] = ['use-lite', 'use-lite-fast'].map((id) =>
      manifests.find((manifest) => manifest.id === id),
    )
    assert.equal(verifiable?.modelCid, fast?.modelCid)
    assert.notEqual(verifiable?.runtimeId, fast?.runtimeId)
  })

  test('the shipped files are those that the manifests promise', async () => {
    for (const definition of embeddedModels)
      await checkFiles(definition, await loadFiles(definition.architecture))
  })

  test('a file with another content is refused before anything is served', async () => {
    const [definition] = embeddedModels.filter(({ id }) => id === 'moderation')
    assert.ok(definition)
    const { model } = await loadFiles('moderation')
    assert.ok(model)
    const damaged = Uint8Array.from(model)
    damaged[1_000_000] = (damaged[1_000_000] ?? 0) ^ 1
    await assert.rejects(checkFiles(definition, { model: damaged }), {
      code: 'MODEL_CORRUPT',
      message: /model of moderation has the CID .* expected/,
    })
    const promised = { ...definition, files: { model: 'bafkreiother' } }
    await assert.rejects(createModelHost({ models: [promised] }), { code: 'MODEL_CORRUPT' })
  })
})
