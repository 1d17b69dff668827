import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { deriveBlsKey, privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'
import { type Certificate, commitToCertificate, verifyCertificate } from './certificate.ts'
import { ballotDigest } from './signing.ts'
import { createValidatorSet } from './validator-set.ts'

const domain = { chainId: 31402n, genesisId: `0x${'0a'.repeat(32)}` } as const
const id: Hex = `0x${'0b'.repeat(32)}`
const createSigner = (fill: number) => {
  const key = new Uint8Array(32).fill(fill)
  return {
    address: privateKeyToAddress(key),
    blsPublicKey: deriveBlsKey(key).publicKey,
    sign: (digest: Uint8Array) => bytesToHex(signatureToBytes(signHash(digest, key))),
  }
}
type Signer = ReturnType<typeof createSigner>
const signers = [1, 2, 3, 4].map(createSigner)
const set = createValidatorSet(
  signers.map(({ address, blsPublicKey }) => ({ address, power: 10n, blsPublicKey })),
)

function certify(by: Signer[], height = 3): Certificate {
  const ballot = { kind: 'precommit', height, round: 1, id, validRound: -1 } as const
  const precommits = by.map((signer) => ({
    ...ballot,
    validator: signer.address,
    signature: signer.sign(ballotDigest(ballot, domain)),
  }))
  return commitToCertificate({ height, round: 1, id, precommits })
}

describe('a certificate', () => {
  it('is good with three of four, in whichever order they came', () => {
    assert.equal(verifyCertificate(certify(signers.slice(1)), set, domain), 30n)
    assert.equal(verifyCertificate(certify([...signers].reverse()), set, domain), 40n)
  })

  it('is refused below a quorum, doubled, by strangers, or for something else', () => {
    const code = { code: 'INVALID_CERTIFICATE' }
    const good = certify(signers)
    const [first = '0x'] = good.signatures
    const stranger = createSigner(9)
    const bad: Certificate[] = [
      certify(signers.slice(2)),
      { ...good, signatures: [first, ...good.signatures] },
      { ...good, signatures: [...good.signatures].reverse() },
      certify([...signers.slice(1), stranger]),
      { ...good, height: 4 },
      { ...good, round: 0 },
      { ...good, id: `0x${'0c'.repeat(32)}` },
      { ...good, signatures: [] },
    ]
    for (const certificate of bad)
      assert.throws(() => verifyCertificate(certificate, set, domain), code)
    const other = { ...domain, chainId: 1n }
    assert.throws(() => verifyCertificate(good, set, other), code)
  })
})
