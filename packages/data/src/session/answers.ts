import { z } from 'zod'
import type { Part } from '../child/read-values.ts'
import type { Cell } from '../table.ts'

/** The engine's own form; looking at each of a million cells would cost more than the query. */
export const cellsSchema = z.custom<Cell[][]>((value) => Array.isArray(value))
export const columnsSchema = z.array(z.object({ name: z.string(), type: z.string() }))
export const nothingSchema = z.void().or(z.null())
export const namesSchema = z.array(z.string())
export const partsSchema = z.custom<Part[]>((value) => Array.isArray(value))
