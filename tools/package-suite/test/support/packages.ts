import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A package that is published. */
export interface PublishedPackage {
  readonly name: string
  /** The folder it lies in, ending with `/`. */
  readonly home: string
  /** What it exports, but for its manifest: `.`, `./file` … */
  readonly entries: readonly string[]
}

const PACKAGES = fileURLToPath(new URL('../../../../packages/', import.meta.url))

/** Every package of this repository that is published. */
export const packages: readonly PublishedPackage[] = readdirSync(PACKAGES)
  .map((folder) => `${PACKAGES}${folder}/`)
  .filter((home) => existsSync(`${home}package.json`))
  .map(readPackage)

function readPackage(home: string): PublishedPackage {
  const manifest: unknown = JSON.parse(readFileSync(`${home}package.json`, 'utf8'))
  const { name, exports } = objectOf(manifest)
  const entries = Object.keys(objectOf(exports)).filter((entry) => !entry.endsWith('.json'))
  return { name: String(name), home, entries }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
  return Object.fromEntries(Object.entries(value))
}
