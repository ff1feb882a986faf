// pnpm rehearse: a release as it will happen, on a registry of its own. A clone of the last commit
// is versioned and published; then each package is installed alone into an empty folder, as a user
// would, and is looked at: what arrives with it, whether it can be imported and required, whether
// its types resolve, whether the program in its README runs. Nothing outside temporary folders
// changes. Exit code 1: something is not as it must be.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkedProgram, readmeExamples } from '../tools/examples/index.mjs'
import { checker } from './release/checks.mjs'
import { mixedInstalls } from './release/mixed-installs.mjs'
import { startRegistry } from './release/registry.mjs'
import { exampleEnvironment } from './release/example-environment.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const PNPM = ['-y', '--prefer-offline', 'pnpm@12.21.0']

/** What arrives when one package is installed, and nothing else. */
const ARRIVES = {
  '@tidemark/core': ['@noble/hashes', 'cborg'],
  '@tidemark/log-persistence': ['@noble/hashes', '@tidemark/core', 'cborg'],
  '@tidemark/mkvs-chunks': ['@noble/hashes', '@tidemark/core', 'cborg'],
  '@tidemark/operation': ['@noble/hashes', '@tidemark/core', 'cborg'],
  '@tidemark/s3': ['@noble/hashes', '@tidemark/core', 'aws4fetch', 'cborg', 'zod'],
  '@tidemark/stream-store': ['@noble/hashes', '@tidemark/core', 'cborg', 'zod'],
  '@tidemark/wrappers': ['@noble/ciphers', '@noble/hashes', '@tidemark/core', 'cborg'],
}

/** Entries that are for somebody who has installed something beside the package. */
const NEEDS = { '@tidemark/s3/aws-sdk': '@aws-sdk/client-s3' }

/** What the program of a README wants to be there. */
const BESIDE = {
  '@tidemark/log-persistence': ['libsql'],
  '@tidemark/mkvs-chunks': ['classic-level'],
}

/** The compilers and the ways of resolving that types must resolve with. */
const COMPILERS = ['typescript@5.9.3', 'typescript@7.0.2']
const RESOLUTIONS = [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
]

/** Nothing here takes so long. */
const RUN_MS = 300_000

const QUIET = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  TURBO_TELEMETRY_DISABLED: '1',
}

const execute = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'tidemark-rehearsal-'))
const upstream = (await run('npm', ['config', 'get', 'registry'], root)).trim()
const registry = await startRegistry(upstream)
const { check, finish } = checker()
try {
  const clone = join(home, 'clone')
  await release(clone)
  const released = registry.published()
  const compilers = []
  for (const each of COMPILERS) compilers.push(await installCompiler(each))
  const { environment, bucket, stop } = await exampleEnvironment()
  try {
    for (const { name, version, manifest } of released) {
      const folder = await install(name.replace('/', '-'), [name])
      const exports = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'))
      const entries = exports.map((entry) => `${name}${entry.slice(1)}`)
      const alone = entries.filter((entry) => NEEDS[entry] === undefined)
      const title = `${name} ${version}`
      await check(title, 'only what it needs arrives', () => arrives(folder, name))
      await check(title, 'import', () =>
        loads(folder, alone, (entry) => `await import('${entry}')`),
      )
      await check(title, 'require', () => loads(folder, alone, (entry) => `require('${entry}')`))
      for (const compiler of compilers) {
        for (const [module, resolution] of RESOLUTIONS) {
          const what = `types, TypeScript ${compiler.version}, ${resolution}`
          await check(title, what, () => resolves(folder, alone, compiler, module, resolution))
        }
      }
      await check(title, 'its README runs', () => readmeRuns(folder, name, environment, bucket))
    }
  } finally {
    await stop()
  }
  await mixedInstalls({ clone, registry, check, install, release: publish, run })
} finally {
  await registry.close()
  rmSync(home, { recursive: true, force: true })
}
finish()

/** Runs a command to its end; gives what it printed, fails with it. */
async function run(command, args, cwd, environment = {}) {
  const env = { ...process.env, ...QUIET, ...environment }
  try {
    return (await execute(command, args, { cwd, env, maxBuffer: 2 ** 26, timeout: RUN_MS })).stdout
  } catch (error) {
    const said = [error.stdout, error.stderr].join('\n').trim().split('\n').slice(-25).join('\n')
    const end = error.code ?? error.signal
    throw new Error(`${command} ${args.join(' ')} ended with ${end}\n${said}`, { cause: error })
  }
}

/** Clones the last commit, versions it by its changesets, and publishes every package. */
async function release(clone) {
  await run('git', ['clone', '--quiet', '--local', root, clone], home)
  await run('npx', [...PNPM, 'install', '--frozen-lockfile', '--prefer-offline'], clone)
  await publish(clone)
}

/** Versions and publishes what the changesets in a clone say. */
async function publish(clone) {
  await run('npx', [...PNPM, 'exec', 'changeset', 'version'], clone)
  await run('npx', [...PNPM, 'run', 'build'], clone)
  const { host } = new URL(registry.url)
  writeFileSync(join(home, 'npmrc'), `registry=${registry.url}\n//${host}/:_authToken=rehearsal\n`)
  await run('npx', [...PNPM, 'exec', 'changeset', 'publish', '--no-git-tag'], clone, {
    npm_config_userconfig: join(home, 'npmrc'),
    npm_config_registry: registry.url,
    npm_config_provenance: 'false',
  })
}

/** Installs packages, and nothing else, into an empty folder. */
async function install(folder, specifiers, from = registry.url) {
  const place = join(home, 'users', folder)
  mkdirSync(place, { recursive: true })
  const manifest = join(place, 'package.json')
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true, "type": "module" }\n')
  await run('npm', ['install', '--prefer-online', ...specifiers], place, {
    npm_config_registry: from,
  })
  return place
}

async function installCompiler(specifier) {
  const version = specifier.split('@')[1]
  return { version, folder: await install(`typescript-${version}`, [specifier]) }
}

function arrives(folder, name) {
  const found = installed(join(folder, 'node_modules')).filter((each) => each !== name)
  const expected = ARRIVES[name]
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`expected ${expected?.join(' ')}, found ${found.join(' ')}`)
  }
  return found.join(' ')
}

/** The names of everything in a folder of modules, nested ones with their path. */
function installed(modules) {
  return readdirSync(modules)
    .filter((each) => !each.startsWith('.'))
    .flatMap((each) =>
      each.startsWith('@')
        ? readdirSync(join(modules, each)).map((name) => `${each}/${name}`)
        : each,
    )
    .flatMap((each) => {
      const nested = join(modules, each, 'node_modules')
      return existsSync(nested)
        ? [each, ...installed(nested).map((name) => `${each}>${name}`)]
        : each
    })
    .sort((a, b) => (a < b ? -1 : 1))
}

async function loads(folder, entries, expression) {
  const isModule = expression('x').startsWith('await')
  const file = join(folder, isModule ? 'load.mjs' : 'load.cjs')
  const lines = entries.map(
    (entry) => `if (Object.keys(${expression(entry)}).length === 0) process.exit(3)`,
  )
  writeFileSync(file, `${lines.join('\n')}\n`)
  await run(process.execPath, [file], folder)
  return `${entries.length} entries`
}

async function resolves(folder, entries, compiler, module, resolution) {
  const lines = entries.map((entry, at) => `export * as entry${at} from '${entry}'`)
  writeFileSync(join(folder, 'types.ts'), `${lines.join('\n')}\n`)
  const options = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    strict: true,
    noEmit: true,
    types: [],
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...options,
        exactOptionalPropertyTypes: true,
        module,
        moduleResolution: resolution,
      },
      files: ['types.ts'],
    }),
  )
  await run(join(compiler.folder, 'node_modules/.bin/tsc'), ['-p', folder], folder)
}

async function readmeRuns(folder, name, environment, bucket) {
  const beside = BESIDE[name]
  if (beside !== undefined) await install(name.replace('/', '-'), beside)
  const [example] = readmeExamples(join(folder, 'node_modules', name))
  if (example === undefined) throw new Error('its README has no program')
  if (example.code.includes('s3://') && bucket === undefined)
    return 'SKIPPED: there is no S3 server'
  const program = join(folder, 'readme.mjs')
  writeFileSync(program, checkedProgram(example).replaceAll('s3://backups', `s3://${bucket}`))
  await run(process.execPath, [program], folder, environment)
}
