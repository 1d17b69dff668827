export type MachineErrorCode =
  /** The specification is wrong: the message names the place. */
  | 'INVALID_SPECIFICATION'
  /** What is asked cannot be done in the machine's state. */
  | 'WRONG_STATE'
  /** This host lacks what the driver needs to keep its promises: the message says what to install. */
  | 'NO_ISOLATION'
  | 'START_FAILED'
