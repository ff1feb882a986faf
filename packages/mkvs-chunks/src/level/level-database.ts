/** One change in a batch. */
export type LevelOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Keys and values as they are. */
interface Views {
  readonly keyEncoding: 'view'
  readonly valueEncoding: 'view'
}

/** What is needed of an `abstract-level` database: `classic-level`, `memory-level`, `browser-level`. */
export interface LevelDatabase {
  /** `undefined` when absent; versions before 2 throw `LEVEL_NOT_FOUND`. */
  get(key: Uint8Array, options: Views): Promise<Uint8Array | undefined>
  getMany(keys: Uint8Array[], options: Views): Promise<(Uint8Array | undefined)[]>
  batch(operations: LevelOperation[], options: Views & { readonly sync: boolean }): Promise<void>
  keys(options: {
    readonly keyEncoding: 'view'
    readonly gte: Uint8Array
    readonly lt: Uint8Array
  }): AsyncIterable<Uint8Array>
  close(): Promise<void>
}
