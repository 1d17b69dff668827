/** What can go wrong with a chain node, besides the codes of consensus and execution. */
export type ChainErrorCode =
  /** Another process runs a node on this data folder. */
  | 'DATA_FOLDER_IN_USE'
  /** A new folder and no genesis to put into it. */
  | 'GENESIS_MISSING'
  /** The folder holds a chain of another genesis. */
  | 'GENESIS_MISMATCH'
  | 'GENESIS_INVALID'
  /** The validator key is not in the genesis of a chain with one validator. */
  | 'NOT_A_VALIDATOR'
  /** A store of this package cannot be opened or written. */
  | 'STORE_FAILED'
  /** Mining is asked for, and no address to reward. */
  | 'NO_MINER'
  /** A sync from a snapshot stopped before the end, and the node is started without one. */
  | 'SNAPSHOT_INTERRUPTED'
  | 'INVALID_OPTIONS'
