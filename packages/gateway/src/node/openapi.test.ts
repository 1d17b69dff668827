import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGateway } from '../test-support/start-gateway.ts'

interface Parameter {
  name: string
  in: string
  required: boolean
  schema: object
}
interface DocumentedOperation {
  operationId: string
  parameters: Parameter[]
  requestBody?: { content: object }
  responses: Record<string, { description: string }>
}
interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, DocumentedOperation>>
  components: { schemas: Record<string, object> }
}

async function readDocument(url: string): Promise<Document> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document
}

test('the document has the structure that OpenAPI 3.1 asks for', async () => {
  await using gateway = await startGateway()
  const document = await readDocument(gateway.url)
  assert.match(document.openapi, /^3\.1\./)
  assert.ok(document.info.title && document.info.version)
  const ids = new Set<string>()
  for (const [path, methods] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const [method, operation] of Object.entries(methods)) {
      assert.match(method, /^(?:get|post)$/)
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is there twice`)
      ids.add(operation.operationId)
      const declared = operation.parameters.filter((one) => one.in === 'path')
      assert.deepEqual(
        declared.map(({ name }) => name),
        inPath,
        path,
      )
      assert.ok(declared.every(({ required }) => required))
      assert.equal(operation.requestBody !== undefined, Boolean(operation.requestBody?.content))
      for (const response of Object.values(operation.responses)) assert.ok(response.description)
    }
  }
  assert.ok(ids.has('createChatCompletion') && ids.has('infer') && ids.has('getOpenApi'))
})

test('every reference leads to a schema', async () => {
  await using gateway = await startGateway()
  const document = await readDocument(gateway.url)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)]
  assert.ok(references.length > 10)
  for (const [, reference = ''] of references) {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1] ?? ''
    assert.ok(document.components.schemas[name], reference)
  }
})

test('every documented path is served', async () => {
  await using gateway = await startGateway()
  const document = await readDocument(gateway.url)
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      const url = gateway.url + path.replace(/\{\w+\}/g, 'x')
      const body = method === 'post' ? { body: '{}' } : {}
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url, { method: method.toUpperCase(), headers, ...body })
      const text = await answer.text()
      assert.doesNotMatch(text, /unknown_url/, `${method} ${path}`)
    }
})

test('a query limit is documented as the number that it is', async () => {
  await using gateway = await startGateway()
  const { paths } = await readDocument(gateway.url)
  const limit = paths['/quoin/receipts']?.get?.parameters.find(({ name }) => name === 'limit')
  assert.deepEqual(limit, {
    name: 'limit',
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 100 },
  })
})
