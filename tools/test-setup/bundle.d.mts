/** What an application ships of a package. */
export interface Bundle {
  readonly text: string
  /** The modules of Node that it would load. */
  readonly fromNode: readonly string[]
}

/** How it is bundled. */
export interface BundleOptions {
  /** A folder from which the imports are found. */
  readonly home: string
  /** Which entries of packages are taken: `browser`, `node`, … */
  readonly conditions: readonly string[]
  /** What is left out. */
  readonly external?: readonly string[]
}

/** Bundles code that imports packages, as they were built, as an application would. */
export declare function bundle(code: string, options: BundleOptions): Promise<Bundle>

/** What a bundle exports when it runs. */
export declare function runBundle(bundle: Bundle): Promise<unknown>
