import { type EVMOpts, MCLBLS, RustBN254 } from '@ethereumjs/evm'
import mcl from 'mcl-wasm'
import { initRustBN } from 'rustbn-wasm'

/**
 * The curves of the precompiles (EIP-196, 197, 2537) in WebAssembly. In plain JavaScript a block full of their
 * cheapest calls would take minutes.
 */
export const curves: Promise<Pick<EVMOpts, 'bls' | 'bn254'>> = openCurves()

async function openCurves() {
  const [rust] = await Promise.all([initRustBN(), mcl.init(mcl.BLS12_381)])
  return { bls: new MCLBLS(mcl), bn254: new RustBN254(rust) }
}
