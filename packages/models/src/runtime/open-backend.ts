import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bytesToHex } from '@quoin/kernel'
import { type Backend, createBackend } from '../core/backend.ts'
import { sha256 } from '../core/content-id.ts'
import { runtimePins } from '../core/definition.ts'
import { modelError } from '../core/errors.ts'
import type { RuntimeName } from '../interface.ts'

const wasmFile = new URL(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'))
/** The entry that Node picks of `onnxruntime-web/wasm`: API and glue in one file. */
const glueFile = new URL(import.meta.resolve('onnxruntime-web/wasm'))

/** Loads ONNX Runtime into this thread. Call it once a thread: its settings are global. */
export async function openBackend(runtime: RuntimeName): Promise<Backend> {
  if (runtime === 'onnx-native') return createBackend(await import('onnxruntime-node'), runtime)
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  ort.env.wasm.wasmBinary = await readFile(wasmFile)
  return createBackend(ort, runtime)
}

/** @throws CodedError `MODEL_CORRUPT` when the installed runtime is not the one that answers promise. */
export async function checkRuntime(runtime: RuntimeName): Promise<void> {
  if (runtime === 'onnx-native') return
  const { wasm, glue } = runtimePins['onnx-wasm']
  for (const [file, expected] of [
    [wasmFile, wasm],
    [glueFile, glue],
  ] as const) {
    const actual = bytesToHex(await sha256(await readFile(file))).slice(2)
    if (actual !== expected)
      throw modelError(
        'MODEL_CORRUPT',
        `${fileURLToPath(file)} has the sha256 ${actual} where ${expected} is pinned: install the packages again by the lock file`,
      )
  }
}
