/**
 * What anyone must know to follow a BFT chain of ours and check its certificates: headers and their ids,
 * validator sets and their hashes, what validators sign, certificates, RLP. Runs in Node and in browsers.
 */
export {
  type Certificate,
  certificateToCommit,
  certificateToRlp,
  commitToCertificate,
  type Recover,
  rlpToCertificate,
  verifyCertificate,
} from './certificate.ts'
export {
  type BlockHeader,
  blockId,
  commitHash,
  encodeHeaderPreimage,
  headerToRlp,
  rlpToHeader,
} from './header.ts'
export { payloadToRlp, rlpToPayload } from './payload.ts'
export {
  decodeRlp,
  EncodedRlp,
  encodeRlp,
  hexItem,
  numberItem,
  type RlpInput,
  type RlpItem,
  textItem,
  toBigint,
  toHex,
  toList,
  toNumber,
} from './rlp.ts'
export {
  ballotDigest,
  genesisId,
  pickProposer,
  possessionDigest,
  proposalDigest,
  randaoDigest,
  randaoOf,
  type SigningDomain,
  validatorsHash,
} from './signing.ts'
export {
  createValidatorSet,
  isHonestShare,
  isQuorum,
  type Validator,
  type ValidatorSet,
} from './validator-set.ts'
export {
  accusedOf,
  type Ballot,
  type Commit,
  type Evidence,
  type Proposal,
  type ProposalBody,
  type Vote,
} from './votes.ts'
