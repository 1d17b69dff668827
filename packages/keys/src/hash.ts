/** Hashing and key recovery alone: native and WebAssembly in Node; browsers get `hash-browser.ts`. */
export { keccak256 } from './keccak.ts'
export { recoverAddress } from './secp256k1.ts'
