import { z } from 'zod'
import type { Serve } from '../call/serve-call.ts'
import { plain, type Route, route } from '../operation.ts'
import type { Catalogue } from '../service.ts'
import { ChatAnswer, ChatRequest, planChat } from './chat.ts'
import { CompletionAnswer, CompletionRequest, planCompletion } from './completions.ts'
import { EmbeddingsAnswer, EmbeddingsRequest, planEmbeddings } from './embeddings.ts'
import { ModelList, ModelObject, offerToModelObject } from './model-list.ts'
import { planResponse, ResponseAnswer, ResponseRequest } from './responses.ts'
import { parameterPolicy } from './sampling.ts'

const metered = { ...plain, method: 'POST', tag: 'OpenAI', metered: true } as const
const streams = {
  ...metered,
  alsoAnswers: ['text/event-stream'],
  description: parameterPolicy,
}

/** OpenAI's API, version 1: what its unmodified clients call. */
export function openaiRoutes(catalogue: Catalogue, serve: Serve): Route[] {
  return [
    ...modelRoutes(catalogue),
    route(
      {
        ...metered,
        id: 'createEmbedding',
        path: '/v1/embeddings',
        summary: 'Embeds texts',
        body: EmbeddingsRequest,
        answer: EmbeddingsAnswer,
      },
      async ({ body, sent }, exchange) => serve(planEmbeddings(catalogue, body), exchange, sent),
    ),
    route(
      {
        ...streams,
        id: 'createChatCompletion',
        path: '/v1/chat/completions',
        summary: 'Continues a conversation',
        body: ChatRequest,
        answer: ChatAnswer,
      },
      async ({ body, sent }, exchange) =>
        serve(planChat(catalogue, body, exchange.requestId), exchange, sent),
    ),
    route(
      {
        ...streams,
        id: 'createCompletion',
        path: '/v1/completions',
        summary: 'Continues a text',
        body: CompletionRequest,
        answer: CompletionAnswer,
      },
      async ({ body, sent }, exchange) =>
        serve(planCompletion(catalogue, body, exchange.requestId), exchange, sent),
    ),
    route(
      {
        ...streams,
        id: 'createResponse',
        path: '/v1/responses',
        summary: 'Continues a conversation, in the newer form; stateless',
        body: ResponseRequest,
        answer: ResponseAnswer,
      },
      async ({ body, sent }, exchange) =>
        serve(planResponse(catalogue, body, exchange.requestId), exchange, sent),
    ),
  ]
}

function modelRoutes(catalogue: Catalogue): Route[] {
  const read = { ...plain, method: 'GET', tag: 'OpenAI' } as const
  return [
    route(
      {
        ...read,
        id: 'listModels',
        path: '/v1/models',
        summary: 'What is served',
        answer: ModelList,
      },
      async () => ({
        kind: 'json',
        body: { object: 'list', data: catalogue.list().map(offerToModelObject) },
      }),
    ),
    route(
      {
        ...read,
        id: 'retrieveModel',
        path: '/v1/models/{model}',
        summary: 'One model',
        params: z.object({ model: z.string() }),
        answer: ModelObject,
      },
      async ({ params }) => ({
        kind: 'json',
        body: offerToModelObject(catalogue.get(params.model)),
      }),
    ),
  ]
}
