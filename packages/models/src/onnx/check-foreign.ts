import { modelError } from '../core/errors.ts'
import { fieldText, type ProtobufField, readFields } from './read-fields.ts'

/** Of the operators' standard sets; what ONNX Runtime 1.30 knows and our models use is older. */
const newestOpsets = new Map([
  ['', 21],
  ['ai.onnx', 21],
  ['ai.onnx.ml', 4],
])

/** Random ones never answer twice alike; the others run for as long, or make as much, as they like. */
const refusedOperators = new Set([
  ...['Loop', 'If', 'Scan', 'SequenceMap'],
  ...['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
  ...['Multinomial', 'Bernoulli', 'Dropout'],
  ...['ConstantOfShape', 'Range', 'Resize', 'Upsample', 'Tile', 'Pad', 'Expand', 'OneHot'],
])

const maxNodes = 100_000

/**
 * Looks through an ONNX file that a stranger may have made, before any runtime opens it. Field numbers are
 * those of onnx.proto3.
 * @throws CodedError `MODEL_CORRUPT` for what is not whole in itself, reaches outside of itself, is newer than
 * the runtime, or has operators whose work the file's size does not bound
 */
export function checkForeignModel(model: Uint8Array): void {
  let hasGraph = false
  for (const { field, bytes } of readFields(model)) {
    if (field === 20) throw refused('it has training steps')
    if (field === 25) throw refused('it has functions of its own')
    if (field === 8 && bytes) checkOpset(bytes)
    if (field === 7 && bytes) {
      checkGraph(bytes)
      hasGraph = true
    }
  }
  if (!hasGraph) throw refused('it has no graph')
}

function checkOpset(opset: Uint8Array): void {
  let domain = ''
  let version = 0
  for (const { field, bytes, value } of readFields(opset)) {
    if (field === 1 && bytes) domain = fieldText(bytes)
    if (field === 2) version = value
  }
  const newest = newestOpsets.get(domain)
  if (newest === undefined)
    throw refused(`its operators are of the set ${JSON.stringify(domain.slice(0, 100))}`)
  if (version < 1 || version > newest)
    throw refused(`its set of operators is version ${version}; 1 to ${newest} are served`)
}

function checkGraph(graph: Uint8Array): void {
  let nodes = 0
  for (const { field, bytes } of readFields(graph)) {
    if (field === 15) throw refused('it has sparse tensors')
    if (field === 5 && bytes) checkTensor(bytes)
    if (field !== 1 || !bytes) continue
    nodes += 1
    if (nodes > maxNodes) throw refused(`it has over ${maxNodes} operators`)
    checkNode(bytes)
  }
}

function checkNode(node: Uint8Array): void {
  let operator = ''
  let domain = ''
  for (const { field, bytes } of readFields(node)) {
    if (!bytes) continue
    if (field === 4) operator = fieldText(bytes)
    if (field === 5) checkAttribute(bytes)
    if (field === 7) domain = fieldText(bytes)
  }
  if (refusedOperators.has(operator)) throw refused(`it has the operator ${operator}`)
  if (!newestOpsets.has(domain))
    throw refused(`it has an operator of the set ${JSON.stringify(domain.slice(0, 100))}`)
}

function checkAttribute(attribute: Uint8Array): void {
  for (const { field, bytes } of readFields(attribute)) {
    if (field === 6 || field === 11) throw refused('it has graphs within its graph')
    if (field === 22 || field === 23) throw refused('it has sparse tensors')
    if ((field === 5 || field === 10) && bytes) checkTensor(bytes)
  }
}

/** `external_data` (13) and `data_location` (14) name files beside it, anywhere on the disk. */
function checkTensor(tensor: Uint8Array): void {
  for (const field of readFields(tensor))
    if (namesFile(field)) throw refused('it refers to data in other files')
}

function namesFile({ field, value }: ProtobufField): boolean {
  return field === 13 || (field === 14 && value !== 0)
}

function refused(what: string): Error {
  return modelError('MODEL_CORRUPT', `This ONNX file is not served: ${what}`)
}
