import { createBackend } from '../core/backend.ts'
import { embeddedModels } from '../core/index.ts'
import { hashAnswers } from './answers.ts'

/** Runs in the page that browser-server.ts serves: the answers of one model, from its own download. */
export async function hashAnswersInBrowser(id: string, wasmUrl: string) {
  const definition = embeddedModels.find((model) => model.id === id)
  if (definition === undefined) throw new RangeError(`No embedded model is named ${id}`)
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  ort.env.wasm.wasmBinary = await download(wasmUrl)
  const files: Record<string, Uint8Array> = {}
  for (const role of Object.keys(definition.files))
    files[role] = await download(`/files/${definition.architecture}/${role}`)
  return hashAnswers(createBackend(ort, 'onnx-wasm'), definition, files)
}

async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
