import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { transformSync } from 'esbuild'

export function readmeExamples(home) {
  const text = readFileSync(join(home, 'README.md'), 'utf8')
  const blocks = [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)]
  return blocks.flatMap(([, code], at) =>
    /^import /m.test(code) ? [{ title: `README, block ${at + 1}`, code }] : [],
  )
}

export function sourceExamples(home) {
  return readdirSync(join(home, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(home, 'src', file), 'utf8')
      const blocks = [...text.matchAll(/@example\n((?: *\*(?!\/).*\n)+)/g)]
      return blocks.map(([, block]) => ({
        title: `src/${file}`,
        code: block.replaceAll(/^ *\* ?/gm, ''),
      }))
    })
}

const CLAIM = /^(.*\S) +\/\/ => (.*)$/gm

export function checkedProgram({ code }) {
  const checked = code.replaceAll(CLAIM, (_, statement, said) => {
    const text = JSON.stringify(said)
    const constant = /^const (\w+) =/.exec(statement)?.[1]
    if (constant !== undefined) return `${statement}; $says(${constant}, ${text})`
    const shown = /^console\.log\((.*)\)$/.exec(statement)?.[1]
    return `$says(${shown ?? statement}, ${text})`
  })
  const says = fileURLToPath(new URL('says.js', import.meta.url))
  const program = `import { $says } from ${JSON.stringify(says)}\n${checked}`
  return transformSync(program, { loader: 'ts', format: 'esm', target: 'node20' }).code
}
