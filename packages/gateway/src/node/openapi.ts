import { z } from 'zod'
import { noBody, type Operation } from '../operation.ts'

/** An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1) of the operations, by their own schemas. */
export function createOpenApi(operations: Operation[], version: string): object {
  const components = new Components()
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    const method = operation.method.toLowerCase()
    const described = describeOperation(operation, components)
    paths[operation.path] = { ...paths[operation.path], [method]: described }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Quoin gateway',
      version,
      description: 'AI models by OpenAI’s and the Open Inference protocols, paid by x402',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { operator: { type: 'http', scheme: 'bearer' } },
    },
  }
}

type JsonSchema = Record<string, unknown>

/** Named schemas are collected in one place and referred to. */
class Components {
  readonly schemas: Record<string, unknown> = { Error: describeSchema(ErrorJson) }

  add(schema: z.ZodType): JsonSchema {
    const { $defs, ...own } = moveReferences(describeSchema(schema))
    if (typeof $defs === 'object' && $defs !== null) Object.assign(this.schemas, $defs)
    const { id } = schema.meta() ?? {}
    if (typeof id !== 'string') return own
    this.schemas[id] = own
    return { $ref: `#/components/schemas/${id}` }
  }
}

const ErrorJson = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
})

function describeSchema(schema: z.ZodType): JsonSchema {
  const {
    $schema: _,
    id: __,
    ...own
  } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return own
}

function moveReferences(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'))
}

function describeOperation(operation: Operation, components: Components): object {
  const { id, tag, summary, description, params, query, body, access, metered } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    parameters: [
      ...describeParameters(params, 'path', components),
      ...describeParameters(query, 'query', components),
      ...(metered ? paymentParameters : []),
    ],
    ...(body !== noBody && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: components.add(body) } },
      },
    }),
    ...(access === 'operator' && { security: [{ operator: [] }] }),
    responses: describeResponses(operation, components),
  }
}

function describeParameters(schema: z.ZodObject, where: 'path' | 'query', components: Components) {
  const { properties = {}, required = [] } = components.add(schema)
  return Object.entries(Object(properties)).map(([name, described]) => ({
    name,
    in: where,
    required: Array.isArray(required) && required.includes(name),
    schema: described,
  }))
}

const paymentParameters = [
  {
    name: 'PAYMENT-SIGNATURE',
    in: 'header',
    required: false,
    description: 'An x402 version 2 payment, as the 402 asks for it',
    schema: { type: 'string' },
  },
  {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'A retry with the same key gives the same answer and costs nothing',
    schema: { type: 'string' },
  },
]

function describeResponses(operation: Operation, components: Components): object {
  const { answer, answerType = 'application/json', alsoAnswers = [], metered } = operation
  const content: Record<string, object> = { [answerType]: { schema: components.add(answer) } }
  for (const type of alsoAnswers) content[type] = { schema: { type: 'string' } }
  const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
  return {
    200: { description: 'The answer', content, ...(metered && { headers: paidHeaders }) },
    ...(metered && {
      402: {
        description: 'Payment needed: PAYMENT-REQUIRED says how',
        headers: { 'PAYMENT-REQUIRED': { schema: { type: 'string' } } },
      },
    }),
    default: { description: 'What went wrong', content: error },
  }
}

const paidHeaders = {
  'PAYMENT-RESPONSE': { description: 'What was charged', schema: { type: 'string' } },
  'QUOIN-RECEIPT': {
    description: 'base64 of the JSON of the signed receipt',
    schema: { type: 'string' },
  },
}
