import { z } from 'zod'

/** Begins a line that is for whoever runs the job, and not part of its log. */
export const messageMark = '@quoin '

const progressSchema = z.object({
  done: z.number().min(0),
  of: z.number().min(0),
  /** What is counted. */
  unit: z.string().max(32),
  trainLoss: z.number().nullable().optional(),
  validationLoss: z.number().nullable().optional(),
})

export const messageSchema = z.union([
  z.object({ progress: progressSchema }),
  z.object({ failure: z.object({ code: z.string().max(64), message: z.string().max(4096) }) }),
])

export type JobProgress = z.infer<typeof progressSchema>
export type Message = z.infer<typeof messageSchema>

/** Exit code of a failure that would come again. */
export const failureExitCode = 64
