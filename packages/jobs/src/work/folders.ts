/** Where a machine has what its job needs. */
export const machineFolders = {
  job: '/job',
  inputs: '/inputs',
  outputs: '/outputs',
  checkpoint: '/checkpoint',
} as const

export const jobFile = 'job.json'
export const checkpointFile = 'state'
