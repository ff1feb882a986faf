import { build, type Plugin } from 'esbuild'
import type { PublishedPackage } from './packages.ts'

/** What an application ships of a package. */
export interface Bundle {
  readonly text: string
  /** The modules of Node that it would load. */
  readonly fromNode: readonly string[]
}

/** Bundles code that imports a package, as it was built, as an application would. */
export async function bundle(
  { home }: PublishedPackage,
  code: string,
  conditions: readonly string[],
  external: readonly string[] = [],
): Promise<Bundle> {
  const fromNode: string[] = []
  const nodeModules: Plugin = {
    name: 'node modules',
    setup: (plugin) => {
      plugin.onResolve({ filter: /^node:/ }, ({ path }) => {
        fromNode.push(path)
        return { path, external: true }
      })
    },
  }
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: home, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    legalComments: 'none',
    mainFields: ['module', 'main'],
    conditions: [...conditions],
    external: [...external],
    plugins: [nodeModules],
  })
  return { text: outputFiles.map((file) => file.text).join(''), fromNode }
}
