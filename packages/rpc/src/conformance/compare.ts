import { isObject } from '../params/values.ts'

/** How an answer differs: `note` when it may, `difference` when it must not. */
export interface Comparison {
  difference: string | null
  note: string | null
}

/** Compares an answer with the suite's: exactly, or only in shape where the suite says so. */
export function compareAnswers(expected: unknown, actual: unknown, specOnly: boolean): Comparison {
  if (!isObject(expected) || !isObject(actual)) return wrong('the answer is no object')
  if (isObject(expected.error)) return compareErrors(expected.error, actual.error)
  if (!('result' in actual)) return wrong(`want a result, got ${preview(actual)}`)
  const differ = specOnly ? differInShape : differInValue
  return { difference: differ(expected.result, actual.result, 'result'), note: null }
}

/** Codes and the presence of data must agree; texts are each client's own. */
function compareErrors(expected: Record<string, unknown>, actual: unknown): Comparison {
  if (!isObject(actual)) return wrong(`want error ${preview(expected)}, got none`)
  if (expected.code !== actual.code)
    return wrong(`want error ${preview(expected)}, got ${preview(actual)}`)
  if ('data' in expected !== 'data' in actual)
    return wrong(`error data: want ${preview(expected.data)}, got ${preview(actual.data)}`)
  const note =
    expected.message === actual.message
      ? null
      : `message: want ${preview(expected.message)}, got ${preview(actual.message)}`
  return { difference: null, note }
}

function differInValue(expected: unknown, actual: unknown, path: string): string | null {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length)
      return `${path}: want ${expected.length} items, got ${actual.length}`
    return firstOf(expected.keys(), (i) => differInValue(expected[i], actual[i], `${path}[${i}]`))
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return firstOf(names, (name) => differInValue(expected[name], actual[name], `${path}.${name}`))
  }
  return Object.is(expected, actual)
    ? null
    : `${path}: want ${preview(expected)}, got ${preview(actual)}`
}

/**
 * The same kinds of values: JSON types, hex as hex, hashes as long as hashes, the members that the
 * expected objects have. Lists are compared by their first item.
 */
function differInShape(expected: unknown, actual: unknown, path: string): string | null {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length === 0 || actual.length === 0) return null
    return differInShape(expected[0], actual[0], `${path}[0]`)
  }
  if (isObject(expected) && isObject(actual))
    return firstOf(Object.keys(expected), (name) =>
      name in actual
        ? differInShape(expected[name], actual[name], `${path}.${name}`)
        : `${path}.${name} is missing`,
    )
  return kindOf(expected) === kindOf(actual)
    ? null
    : `${path}: want ${kindOf(expected)}, got ${preview(actual)}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value !== 'string') return typeof value
  if (!/^0x[0-9a-f]*$/.test(value)) return 'text'
  if (value.length === 66) return 'hash'
  return value.length === 42 ? 'address' : 'hex'
}

function firstOf<T>(items: Iterable<T>, check: (item: T) => string | null): string | null {
  for (const item of items) {
    const problem = check(item)
    if (problem !== null) return problem
  }
  return null
}

function wrong(difference: string): Comparison {
  return { difference, note: null }
}

function preview(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 160)
}
