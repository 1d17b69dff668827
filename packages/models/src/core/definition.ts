import { bytesToHex, canonicalJson } from '@quoin/kernel'
import type { ModelManifest, RuntimeName } from '../interface.ts'
import { type ArchitectureName, architectures } from './architectures.ts'
import { sessionOptions } from './backend.ts'
import { contentId, sha256 } from './content-id.ts'

/** A model as the catalogue declares it; `createManifest` adds what can be derived. */
export interface ModelDefinition extends Omit<ModelManifest, 'class' | 'modelCid' | 'runtimeId'> {
  architecture: ArchitectureName
  /** CID of each file by role (raw, sha2-256 of its bytes); `model` is the ONNX file. */
  files: Readonly<Record<string, string>> & { readonly model: string }
  /** What the model is called as an artifact, where that is not its file's own CID: one of blocks, or encrypted. */
  artifactCid?: string
}

/**
 * The programs that run the graphs. The WebAssembly build is pinned by sha256 (its bits are the
 * verifiable class); the native library by version, since its bits depend on the CPU anyway.
 */
export const runtimePins = {
  'onnx-wasm': {
    version: '1.30.0',
    wasm: '3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2',
    glue: '11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90',
  },
  'onnx-native': { version: '1.30.0' },
} as const satisfies Record<RuntimeName, unknown>

/** Equal runtime ids mean: the same files, programs, options and code versions. */
export async function createManifest(definition: ModelDefinition): Promise<ModelManifest> {
  const { architecture, files, artifactCid = files.model, ...rest } = definition
  const { version, graphs = {} } = architectures[architecture]
  const graphIds: Record<string, string> = {}
  for (const [name, encode] of Object.entries(graphs)) graphIds[name] = await contentId(encode())
  const identity = canonicalJson({
    architecture,
    version,
    files,
    graphs: graphIds,
    runtime: definition.runtime,
    pins: runtimePins[definition.runtime],
    sessionOptions: sessionOptions[definition.runtime],
  })
  return {
    ...rest,
    class: definition.runtime === 'onnx-wasm' ? 'verifiable' : 'fast',
    modelCid: artifactCid,
    runtimeId: bytesToHex(await sha256(new TextEncoder().encode(identity))),
  }
}
