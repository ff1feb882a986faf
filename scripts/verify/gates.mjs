// The gates: what each runs, and a break that it has to notice.

const pnpm = (...args) => ['npx', '-y', '--prefer-offline', 'pnpm@12.21.0', ...args]
const node = (...args) => ['node', ...args]
const inPackage = (folder, ...args) => pnpm('--dir', folder, 'exec', ...args)
const build = pnpm('build')

const CORE_INDEX = 'packages/core/src/index.ts'
const CORE_MANIFEST = 'packages/core/package.json'

/** Adds a line to the end of a file. */
const append = (line) => (text) => `${text}${line}\n`

export const gates = [
  {
    name: 'types',
    commands: [pnpm('typecheck')],
    broken: {
      what: 'a number where text belongs',
      file: CORE_INDEX,
      change: append('export const broken: string = 1'),
    },
  },
  {
    name: 'lint, discarded results, generated errors, borders',
    commands: [pnpm('lint')],
    broken: {
      what: 'an import of a sibling capability',
      file: 'packages/operation/src/index.ts',
      change: append("export { openStreamStore } from '@tidemark/stream-store'"),
    },
  },
  {
    name: 'generated errors',
    commands: [node('scripts/errors-doc.mjs', '--check')],
    broken: {
      what: 'another word in docs/ERRORS.md',
      file: 'docs/ERRORS.md',
      change: append('more'),
    },
  },
  {
    name: 'discarded results',
    commands: [node('scripts/discarded-results.mjs')],
    broken: {
      what: 'a put that nobody looks at',
      file: 'packages/core/src/log/create-once.ts',
      change: append(
        "export async function broken(store: BlobStore): Promise<void> {\n  await store.put('a', new Uint8Array())\n}",
      ),
    },
  },
  {
    name: 'unused code and dependencies',
    commands: [['node_modules/.bin/knip', '--no-progress', '--no-config-hints']],
    broken: {
      what: 'a file that nobody imports',
      file: 'packages/core/src/blob/gate.ts',
      change: append('export const nobodyNeedsThis = 1'),
    },
  },
  {
    name: 'what each entry exports',
    commands: [build, node('scripts/api-reports.mjs', '--check')],
    broken: {
      what: 'an export more',
      file: CORE_INDEX,
      change: append('export const oneMore: number = 1'),
    },
  },
  {
    name: 'manifests and types as they are published',
    commands: [build, node('scripts/published.mjs')],
    broken: {
      what: 'types that do not exist',
      file: CORE_MANIFEST,
      change: (text) => text.replace('"types": "./dist/index.d.ts"', '"types": "./dist/none.d.ts"'),
    },
  },
  {
    name: 'portable bundles, sizes, examples',
    commands: [build, inPackage('tools/package-suite', 'vitest', 'run')],
    broken: {
      what: 'a Buffer in the portable entry',
      file: CORE_INDEX,
      change: append("export const broken: string = String(Buffer.from('x'))"),
    },
  },
  {
    name: 'golden files of core and its layers',
    commands: [
      build,
      inPackage('packages/core', 'vitest', 'run', 'golden', 'log-format'),
      inPackage('packages/wrappers', 'vitest', 'run', 'golden'),
    ],
    broken: {
      what: 'another beginning of every record',
      file: 'packages/core/src/log/frame.ts',
      change: (text) => text.replace('0x544d4c52', '0x544d4c53'),
    },
  },
  {
    name: 'golden files of operations',
    commands: [build, inPackage('packages/operation', 'vitest', 'run', 'golden')],
    broken: {
      what: 'another order of the bytes of a length',
      file: 'packages/operation/src/record/encode-record.ts',
      change: (text) =>
        text.replace('setUint32(0, encoded.length)', 'setUint32(0, encoded.length, true)'),
    },
  },
  {
    name: 'golden files of streams',
    commands: [build, inPackage('packages/stream-store', 'vitest', 'run', 'golden')],
    broken: {
      what: 'another beginning of every record',
      file: 'packages/stream-store/src/native/record.ts',
      change: (text) => text.replace('0x544d_5353', '0x544d_5354'),
    },
  },
  {
    name: 'golden files of chunks and node databases',
    commands: [build, inPackage('packages/mkvs-chunks', 'vitest', 'run', 'golden')],
    broken: {
      what: 'another name of the journals of a restore',
      file: 'packages/mkvs-chunks/src/db/multipart.ts',
      change: (text) => text.replace("const JOURNAL = 'journal/'", "const JOURNAL = 'journal/j'"),
    },
  },
  {
    name: 'golden files of log states',
    commands: [build, inPackage('packages/log-persistence', 'vitest', 'run', 'golden')],
    broken: {
      what: 'another digest of an export',
      file: 'packages/log-persistence/src/transfer/transfer-digest.ts',
      change: (text) => text.replace('new Uint8Array(32)', 'new Uint8Array(32).fill(1)'),
    },
  },
  {
    name: 'golden files of the sample application',
    commands: [build, inPackage('apps/strata', 'vitest', 'run', 'golden')],
    broken: {
      what: 'another version of the state',
      file: 'apps/strata/src/layers/state-codec.ts',
      change: (text) => text.replace('STATE_VERSION = 2', 'STATE_VERSION = 3'),
    },
  },
  {
    name: 'licences of dependencies',
    commands: [node('scripts/licences.mjs')],
    broken: {
      what: 'a licence that is not on the list',
      file: 'scripts/licences.mjs',
      change: (text) => text.replace("'MIT', ", ''),
    },
  },
]
