import type { Random } from './random.ts'

type Words = readonly [string, ...string[]]

const NOUNS =
  words(`anchor basin beacon berth buoy channel chart coast crew current depth dock drift
  ebb gauge harbour keel level mast moon pilot pier port quay reef sail shore signal station swell
  tide vessel watch wave wind`)

const VERBS = words(`align clear drop find follow forecast hoist load measure merge moor plot read
  record release report route sound survey tow`)

type Template = (a: Phrase) => string

const CODE: readonly [Template, ...Template[]] = [
  (a) => `const ${a.noun()}${a.Noun()} = ${a.verb()}${a.Noun()}(${a.noun()}, ${a.number()})`,
  (a) => `  const ${a.noun()} = ${a.verb()}(${a.noun()}.${a.noun()} ?? ${a.number()})`,
  (a) =>
    `  if (${a.noun()}.${a.noun()} > ${a.number()}) return ${a.verb()}${a.Noun()}(${a.noun()})`,
  (a) => `  for (const ${a.noun()} of ${a.noun()}s) ${a.verb()}(${a.noun()}, ${a.number()})`,
  (a) => `export function ${a.verb()}${a.Noun()}(${a.noun()}: ${a.Noun()}): ${a.Noun()} {`,
  (a) => `  return ${a.noun()}s.map((${a.noun()}) => ${a.noun()}.${a.noun()})`,
  (a) => `// The ${a.noun()} must not ${a.verb()} before the ${a.noun()} does.`,
  (a) => `  ${a.noun()}.${a.verb()}(${a.noun()}, { ${a.noun()}: ${a.number()} })`,
  () => '}',
  () => '',
]

const PROSE: readonly [Template, ...Template[]] = [
  (a) => `To ${a.verb()} a ${a.noun()}, first ${a.verb()} the ${a.noun()} at ${a.number()} metres.`,
  (a) => `- **${a.noun()}**: what the ${a.noun()} does while you ${a.verb()} it`,
  (a) => `## How to ${a.verb()} the ${a.noun()}`,
  (a) => `The ${a.noun()} and the ${a.noun()} agree to within ${a.number()} centimetres.`,
  () => '',
]

/** Words for a line, drawn as they are needed. */
type Phrase = ReturnType<typeof phraseOf>

function phraseOf(random: Random) {
  const noun = (): string => random.pick(NOUNS)
  return {
    noun,
    Noun: () => capital(noun()),
    verb: () => random.pick(VERBS),
    number: () => random.between(2, 9999),
  }
}

/** A line of made-up code, or of made-up prose. ASCII only, so that characters are bytes. */
export function madeLine(random: Random, kind: 'code' | 'prose'): string {
  return random.pick(kind === 'code' ? CODE : PROSE)(phraseOf(random))
}

/** A made-up name: of a file, a directory or a branch. */
export function madeName(random: Random): string {
  return `${random.pick(VERBS)}-${random.pick(NOUNS)}`
}

/** What somebody might write about a commit. */
export function madeMessage(random: Random, doing: string): string {
  return `${doing} the ${random.pick(NOUNS)} ${random.pick(NOUNS)}`
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function words(text: string): Words {
  const [first = '', ...rest] = text.split(/\s+/u)
  return [first, ...rest]
}
