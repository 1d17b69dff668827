/**
 * Keys and hashing on Node's fast path: native secp256k1, WebAssembly keccak, Web3 v3 keystores.
 * Node only; what browsers need uses viem's own.
 */

export { type BlsKey, deriveBlsKey, isBlsPublicKey, verifyBls } from './bls.ts'
export { blsKeyToEvm, blsSignatureToEvm } from './eip2537.ts'
export { keccak256 } from './keccak.ts'
export { decryptKeystore, encryptKeystore, Keystore } from './keystore.ts'
export {
  createPrivateKey,
  isPrivateKey,
  privateKeyToAddress,
  privateKeyToPublicKey,
  publicKeyToAddress,
  recoverAddress,
  recoverPublicKey,
  type Signature,
  signatureToBytes,
  signHash,
} from './secp256k1.ts'
