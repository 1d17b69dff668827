import { CodedError } from '@quoin/kernel'

type DeploymentErrorCode =
  /** The file is none that the node serves: the message says why. */
  | 'MODEL_REFUSED'
  /** The order contradicts itself or what is deployed. */
  | 'DEPLOYMENT_INVALID'
  | 'DEPLOYMENT_UNKNOWN'
  /** Not possible as things stand. */
  | 'DEPLOYMENT_STATE'

export function deploymentError(
  code: DeploymentErrorCode,
  message: string,
  cause?: unknown,
): CodedError<DeploymentErrorCode> {
  return new CodedError(code, message, { cause })
}
