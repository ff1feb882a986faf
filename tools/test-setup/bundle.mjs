import { build } from 'esbuild'

export async function bundle(code, { home, conditions, external = [] }) {
  const fromNode = []
  const nodeModules = {
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

export function runBundle({ text }) {
  return import(`data:text/javascript,${encodeURIComponent(text)}`)
}
