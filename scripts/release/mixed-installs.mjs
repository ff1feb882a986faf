// Releases that follow the first: what a minor of core moves, and versions that live side by side.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program that passes between two copies of core what people pass between packages. */
const TWO_COPIES = `
import { MemoryBlobStore, isTidemarkError, unwrap } from '@tidemark/core'
import * as old from 'core-before'
import { openOperation } from '@tidemark/operation'
if (old.MemoryBlobStore === MemoryBlobStore) throw new Error('there is one copy only')
const store = new old.MemoryBlobStore()
const first = unwrap(await openOperation({ store, name: 'job' }))
unwrap(await first.checkpoint('half', { at: 1 }))
const failed = await openOperation({ store, name: 'job', wait: false })
if (failed.ok || !isTidemarkError(failed.error) || !old.isTidemarkError(failed.error)) {
  throw new Error('an error of one copy is not known to the other')
}
await first.close()
const again = old.unwrap(await openOperation({ store, name: 'job' }))
if (unwrap(await again.latest())?.label !== 'half') throw new Error('the checkpoint is lost')
await again.close()
`

const OLD_CORE = `
import { readFileSync } from 'node:fs'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { openOperation } from '@tidemark/operation'
const versionOf = (name) => JSON.parse(readFileSync(\`node_modules/\${name}/package.json\`)).version
if (versionOf('@tidemark/core') !== '1.0.0') throw new Error('not the old core')
if (versionOf('@tidemark/operation') !== '1.0.1') throw new Error('not the new capability')
const op = unwrap(await openOperation({ store: new MemoryBlobStore(), name: 'job' }))
unwrap(await op.checkpoint('half', { at: 1 }))
await op.close()
`

/** Publishes a patch of one capability, then a minor of core, and installs mixtures. */
export async function mixedInstalls({ clone, registry, check, install, release, run }) {
  await check('a patch of operation', 'moves operation alone', () => {
    return next(clone, registry, release, { '@tidemark/operation': 'patch' }, [
      '@tidemark/operation 1.0.1',
    ])
  })
  await check('a minor of core', 'moves core alone', () => {
    return next(clone, registry, release, { '@tidemark/core': 'minor' }, ['@tidemark/core 1.1.0'])
  })
  await check('old core, newer capability', 'share one copy and work', async () => {
    const folder = await install('old-core', ['@tidemark/core@1.0.0', '@tidemark/operation@1.0.1'])
    return runIn(folder, OLD_CORE, run)
  })
  await check('two copies of core', 'understand each other', async () => {
    const before = 'core-before@npm:@tidemark/core@1.0.0'
    const folder = await install('two-cores', [
      '@tidemark/core@1.1.0',
      '@tidemark/operation@1.0.1',
      before,
    ])
    return runIn(folder, TWO_COPIES, run)
  })
}

/** Releases what a changeset says; exactly the given packages must be published by it. */
async function next(clone, registry, release, bumps, expected) {
  const before = new Set(registry.published().map(titleOf))
  const lines = Object.entries(bumps).map(([name, bump]) => `'${name}': ${bump}`)
  const changeset = `---\n${lines.join('\n')}\n---\n\nA rehearsal.\n`
  writeFileSync(join(clone, '.changeset/rehearsal.md'), changeset)
  await release(clone)
  const moved = registry
    .published()
    .map(titleOf)
    .filter((each) => !before.has(each))
  if (JSON.stringify(moved) !== JSON.stringify(expected)) {
    throw new Error(`expected ${expected.join(', ')}, published ${moved.join(', ')}`)
  }
  return moved.join(', ')
}

function titleOf({ name, version }) {
  return `${name} ${version}`
}

async function runIn(folder, program, run) {
  writeFileSync(join(folder, 'program.mjs'), program)
  await run(process.execPath, ['program.mjs'], folder)
}
