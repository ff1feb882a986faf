import { readdirSync, readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import type { PublishedPackage } from './packages.ts'

/** A program that the documentation shows. */
export interface Example {
  /** Where it stands. */
  readonly title: string
  readonly code: string
}

/** The programs in a README: blocks of code that say what they import. Others are fragments. */
export function readmeExamples({ home }: PublishedPackage): Example[] {
  const text = readFileSync(`${home}README.md`, 'utf8')
  return [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].flatMap(([, code = ''], at) =>
    /^import /m.test(code) ? [{ title: `README, block ${at + 1}`, code }] : [],
  )
}

/** The programs in doc comments. */
export function sourceExamples({ home }: PublishedPackage): Example[] {
  return readdirSync(`${home}src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(`${home}src/${file}`, 'utf8')
      const blocks = [...text.matchAll(/@example\n((?: *\*(?!\/).*\n)+)/g)]
      return blocks.map(([, block = '']) => ({
        title: `src/${file}`,
        code: block.replaceAll(/^ *\* ?/gm, ''),
      }))
    })
}

/**
 * An example as a program that fails when it does not do what it says: what stands after `// =>`
 * becomes a check of the expression, or of the constant, before it.
 */
export function checkedProgram({ code }: Example, support: string): string {
  const checked = code.replaceAll(CLAIM, (_, statement: string, said: string) => {
    const text = JSON.stringify(said)
    const constant = /^const (\w+) =/.exec(statement)?.[1]
    if (constant !== undefined) return `${statement}; $says(${constant}, ${text})`
    const shown = /^console\.log\((.*)\)$/.exec(statement)?.[1]
    return `$says(${shown ?? statement}, ${text})`
  })
  const program = `import { $says } from ${JSON.stringify(support)}\n${checked}`
  return transformSync(program, { loader: 'ts', format: 'esm', target: 'node20' }).code
}

const CLAIM = /^(.*\S) +\/\/ => (.*)$/gm
