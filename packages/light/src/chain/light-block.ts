import {
  type BlockHeader,
  blockId,
  type Certificate,
  certificateToRlp,
  createValidatorSet,
  decodeRlp,
  encodeRlp,
  headerToRlp,
  rlpToCertificate,
  rlpToHeader,
  type ValidatorSet,
  validatorsHash,
} from '@quoin/headers'
import { bigintToHex, bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import { parseHex, parseList, parseObject, parseQuantity } from '../provider/parse.ts'

/** A header, the certificate for it and the set that could sign it, which belong together. */
export interface LightBlock {
  id: Hex
  header: BlockHeader
  certificate: Certificate
  validators: ValidatorSet
}

/** The same as JSON, as servers give it and stores keep it. */
export interface LightBlockJson {
  header: Hex
  certificate: Hex
  validators?: { address: Hex; power: Hex; blsPublicKey: Hex }[]
}

/** No chain has more (its genesis and its nodes see to that): each costs a signature to check. */
const mostValidators = 1000

/**
 * Reads a block and checks that its parts belong together; nothing says yet that it is of the chain.
 * `previous` stands in for a set that the server left out because it did not change.
 * @throws CodedError `SERVER_LIED`
 */
export function parseLightBlock(json: unknown, previous?: ValidatorSet): LightBlock {
  const {
    header: headerHex,
    certificate: certificateHex,
    validators,
  } = parseObject(json, 'a block')
  return refuseOthers('a block', () => {
    const header = rlpToHeader(decodeRlp(hexToBytes(parseHex(headerHex, 'a header'))))
    const certificate = rlpToCertificate(
      decodeRlp(hexToBytes(parseHex(certificateHex, 'a certificate'))),
    )
    const set = validators === undefined ? previous : parseValidators(validators)
    if (!set) throw lie(`block ${header.height} comes without its validators`)
    const id = blockId(header)
    if (certificate.id !== id || certificate.height !== header.height)
      throw lie(`the certificate at height ${header.height} is for another block`)
    if (validatorsHash(set) !== header.validatorsHash)
      throw lie(`the validators of block ${header.height} are not those that its header names`)
    return { id, header, certificate, validators: set }
  })
}

export function parseValidators(json: unknown): ValidatorSet {
  const members = parseList(json, 'validators', mostValidators).map((item) => {
    const { address, power, blsPublicKey } = parseObject(item, 'a validator')
    return {
      address: parseHex(address, 'a validator’s address', 20),
      power: parseQuantity(power, 'a validator’s power'),
      blsPublicKey: parseHex(blsPublicKey, 'a validator’s BLS key', 48),
    }
  })
  return refuseOthers('validators', () => createValidatorSet(members))
}

export function lightBlockToJson({ header, certificate, validators }: LightBlock): LightBlockJson {
  return {
    header: bytesToHex(encodeRlp(headerToRlp(header))),
    certificate: bytesToHex(encodeRlp(certificateToRlp(certificate))),
    validators: validatorsToJson(validators),
  }
}

export function validatorsToJson({ validators }: ValidatorSet) {
  return validators.map(({ power, ...keys }) => ({ ...keys, power: bigintToHex(power) }))
}

/** Decoders' own errors under the code of this package. */
export function refuseOthers<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'SERVER_LIED') throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw lightError('SERVER_LIED', `A server answered with ${what} that is none: ${why}`, {
      cause,
    })
  }
}

function lie(problem: string) {
  return lightError('SERVER_LIED', `A server’s block does not belong together: ${problem}`)
}
