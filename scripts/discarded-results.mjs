// A lint gate: a call whose Result is thrown away hides a failure. Asks the compiler for the types.
// Where ignoring is right, say so with `void` and a comment that gives the reason.
import { existsSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'
import ts from 'typescript'

const homes = ['packages', 'apps'].flatMap((dir) =>
  readdirSync(dir).map((each) => `${dir}/${each}`),
)
let found = 0
for (const home of homes) {
  const config = existsSync(`${home}/tsconfig.test.json`) ? `${home}/tsconfig.test.json` : undefined
  if (config !== undefined) check(config)
}
process.exit(found === 0 ? 0 : 1)

function check(config) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => process.exit(2) }
  const parsed = ts.getParsedCommandLineOfConfigFile(config, {}, host)
  const program = ts.createProgram(parsed.fileNames, parsed.options)
  const checker = program.getTypeChecker()
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !parsed.fileNames.includes(file.fileName)) continue
    const visit = (node) => {
      if (ts.isExpressionStatement(node) && isResult(checker, node.expression)) report(file, node)
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
}

function isResult(checker, expression) {
  if (!ts.isAwaitExpression(expression) && !ts.isCallExpression(expression)) return false
  const type = checker.getTypeAtLocation(expression)
  const awaited = checker.getAwaitedType(type) ?? type
  if (!awaited.isUnion()) return hasShape(awaited)
  return awaited.types.every(hasShape)
}

function hasShape(type) {
  const has = (name) => type.getProperty(name) !== undefined
  return has('ok') && (has('value') || has('error'))
}

function report(file, node) {
  found += 1
  const { line } = file.getLineAndCharacterOfPosition(node.getStart())
  const place = `${relative(process.cwd(), file.fileName)}:${line + 1}`
  process.stderr.write(`${place}: this Result is discarded: ${node.getText().slice(0, 80)}\n`)
}
