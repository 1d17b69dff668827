import { CodedError } from './errors.ts'

/**
 * The JSON Canonicalization Scheme (RFC 8785): equal values give equal text, so texts can be
 * hashed. Undefined members are left out, as JSON.stringify does.
 * @throws CodedError `NOT_JSON` for values that JSON cannot carry (bigint, NaN, functions).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string')
    return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CodedError('NOT_JSON', `${value} has no JSON form`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  throw new CodedError('NOT_JSON', `A ${typeof value} has no JSON form`)
}
