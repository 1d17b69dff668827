import { deploymentError } from './errors.ts'
import type { DeploymentRecord } from './record.ts'

type Standing = Omit<DeploymentRecord, 'versions'>

/**
 * How things stand once a further version is served: it answers all calls, or as a canary a share of them.
 * @throws CodedError `DEPLOYMENT_INVALID`
 */
export function withVersion(
  before: DeploymentRecord | null,
  name: string,
  { version }: { version: string },
  share: number | null,
): Standing {
  if (before === null) {
    if (share !== null)
      throw deploymentError('DEPLOYMENT_INVALID', `${name} has no version yet beside which to try`)
    return { name, current: version, previous: null, canary: null }
  }
  if (before.versions.some((one) => one.version === version))
    throw deploymentError('DEPLOYMENT_INVALID', `${name} has a version ${version} already`)
  const { current, previous } = before
  if (share !== null) return { name, current, previous, canary: { version, share } }
  return { name, current: version, previous: current, canary: null }
}

/** @throws CodedError `DEPLOYMENT_STATE` without a canary */
export function promoted(record: DeploymentRecord): DeploymentRecord {
  const { name, current, canary } = record
  if (canary === null) throw deploymentError('DEPLOYMENT_STATE', `${name} has no canary to promote`)
  return { ...record, current: canary.version, previous: current, canary: null }
}

/** @throws CodedError `DEPLOYMENT_STATE` where there is nothing to go back to */
export function rolledBack(record: DeploymentRecord): DeploymentRecord {
  const { name, canary, previous } = record
  if (canary !== null) return { ...record, canary: null }
  if (previous === null)
    throw deploymentError('DEPLOYMENT_STATE', `${name} has no version to go back to`)
  return { ...record, current: previous, previous: null }
}

/** @throws CodedError `DEPLOYMENT_STATE` for the version that answers calls, `DEPLOYMENT_UNKNOWN` */
export function withoutVersion(
  record: DeploymentRecord,
  version: string | null,
): { rest: DeploymentRecord | null; retired: string[] } {
  const { name, versions, current, previous, canary } = record
  const all = versions.map((one) => one.version)
  if (version === null) return { rest: null, retired: all }
  if (!all.includes(version))
    throw deploymentError('DEPLOYMENT_UNKNOWN', `${name} has no version ${version}`)
  if (all.length === 1) return { rest: null, retired: all }
  if (version === current)
    throw deploymentError(
      'DEPLOYMENT_STATE',
      `Version ${version} answers the calls to ${name}: promote or roll back first, or retire all`,
    )
  const rest = {
    ...record,
    previous: previous === version ? null : previous,
    canary: canary?.version === version ? null : canary,
    versions: versions.filter((one) => one.version !== version),
  }
  return { rest, retired: [version] }
}
