/**
 * The program of Node 24, for what an older one has not got; a package like any other. Where it
 * cannot be fetched: a failure in CI, elsewhere `undefined` and a word on standard error.
 */
export declare function newerNode(): Promise<string | undefined>
