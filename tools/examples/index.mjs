import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { transformSync } from 'esbuild'

export function readmeExamples(home) {
  const text = readFileSync(join(home, 'README.md'), 'utf8')
  const blocks = [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  const groups = []
  for (const code of blocks.filter((each) => /^import /m.test(each))) {
    const goesOn = groups.length > 0 && agree([...groups.at(-1), code])
    if (goesOn) groups.at(-1).push(code)
    else groups.push([code])
  }
  return groups.map((codes, at) => ({ title: `README, program ${at + 1}`, code: together(codes) }))
}

const IMPORT = /^import [\s\S]*? from '[^']+'$/gm

/** What a file gives to others means nothing inside a program. */
const EXPORT = /^export (?=(?:async )?function|const|class)/gm

/** One program: the first block, then each other in a scope of its own, which sees the first. */
function together(codes) {
  const plain = codes.map((code) => code.replaceAll(IMPORT, '').replaceAll(EXPORT, ''))
  const [first, ...others] = plain
  const inner = others.map((code) => `{\n${code}}`).join('\n')
  const imports = [...namesOf(codes)].map(([name, module]) => `import ${name} from '${module}'`)
  return `${imports.join('\n')}\n${first}\n${inner}\n`
}

/** Whether no block means another thing by an imported name than one before it. */
function agree(codes) {
  const before = namesOf(codes.slice(0, -1))
  return [...namesOf(codes.slice(-1))].every(
    ([name, module]) => !before.has(name) || before.get(name) === module,
  )
}

/** What blocks import, by name as it is written (`{ unwrap }`, `Database`), with the module. */
function namesOf(codes) {
  const names = new Map()
  for (const statement of codes.flatMap((code) => code.match(IMPORT) ?? [])) {
    const [, what, module] = /^import ([\s\S]*) from '([^']+)'$/.exec(statement)
    const braced = /^\{([\s\S]*)\}$/.exec(what)?.[1]
    const each = braced === undefined ? [what] : braced.split(',').map((name) => name.trim())
    for (const name of each) {
      if (name !== '') names.set(braced === undefined ? name : `{ ${name} }`, module)
    }
  }
  return names
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
    const constant = /^\s*const (\w+) =/.exec(statement)?.[1]
    if (constant !== undefined) return `${statement}; $says(${constant}, ${text})`
    const shown = /^\s*console\.log\((.*)\)$/.exec(statement)?.[1]
    return `$says(${shown ?? statement}, ${text})`
  })
  const says = fileURLToPath(new URL('says.mjs', import.meta.url))
  const program = `import { $says } from ${JSON.stringify(says)}\n${checked}`
  return transformSync(program, { loader: 'ts', format: 'esm', target: 'node20' }).code
}
