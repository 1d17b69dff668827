/** A cell as JSON has it; whole numbers beyond 2^53 and exact decimals are text. */
export type Cell = null | boolean | number | string | Cell[] | { [name: string]: Cell }

export interface Column {
  name: string
  /** The type in SQL, as `BIGINT`, `DOUBLE`, `VARCHAR`, `TIMESTAMP`. */
  type: string
}
