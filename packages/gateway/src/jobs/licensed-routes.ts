import { z } from 'zod'
import { type Exchange as HttpExchange, plain, type Route, route } from '../operation.ts'
import { LicensedJobJson, LicensedJobRequest, type LicensedJobs } from './interface.ts'
import { streamOut } from './stream-out.ts'

const shared = { ...plain, tag: 'Jobs' } as const
const params = z.object({ id: z.uuid() })
const needsToken = 'Needs the token of the submission as Authorization: Bearer.'

/** Trainings that come to the data: for whoever has a right to train on it, signed. */
export function licensedJobRoutes(jobs: LicensedJobs): Route[] {
  const one = { ...shared, path: '/v1/licensed-jobs/{id}', params, description: needsToken }
  return [
    route(
      {
        ...shared,
        method: 'POST',
        id: 'submitLicensedJob',
        path: '/v1/licensed-jobs',
        summary: 'Takes in a training on data of this node that the account may train on',
        body: LicensedJobRequest,
        answer: LicensedJobJson.extend({ token: z.string() }),
      },
      async ({ body }) => ({ kind: 'json', status: 201, body: await jobs.submit(body) }),
    ),
    route(
      {
        ...one,
        method: 'GET',
        id: 'getLicensedJob',
        summary: 'How far it is, and what it made',
        answer: LicensedJobJson,
      },
      async ({ params: { id } }, http) => ({ kind: 'json', body: jobs.find(id, tokenOf(http)) }),
    ),
    route(
      {
        ...one,
        method: 'DELETE',
        id: 'cancelLicensedJob',
        summary: 'Cancels it',
        answer: LicensedJobJson,
      },
      async ({ params: { id } }, http) => ({
        kind: 'json',
        body: await jobs.cancel(id, tokenOf(http)),
      }),
    ),
    route(
      {
        ...one,
        method: 'GET',
        id: 'getLicensedOutput',
        path: '/v1/licensed-jobs/{id}/outputs/{name}',
        summary: 'What it made, encrypted; the envelope has the key',
        params: params.extend({ name: z.string().min(1).max(32) }),
        answer: z.string(),
        answerType: 'application/octet-stream',
      },
      async ({ params: { id, name } }, http) =>
        streamOut(http.connection, await jobs.output(id, tokenOf(http), name)),
    ),
  ]
}

function tokenOf({ headers: { authorization } }: HttpExchange): string {
  const given =
    typeof authorization === 'string' ? /^Bearer (\S{1,200})$/i.exec(authorization) : null
  return given?.[1] ?? ''
}
