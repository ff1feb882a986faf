// Bugs in what is stored beside the log: staged, named by a record, given up, collected.
const CONTRACT = 'test/contract.test.ts'
const CRASH = 'test/crash-states.test.ts'
const FAULTS = 'test/faults.test.ts'
const DISPLACED = 'test/displaced.test.ts'
const DAMAGE = 'test/damage.test.ts'

export const mutants = [
  {
    name: 'a record is published before what it names is staged',
    rule: '10 staging',
    file: 'src/log/staged-bodies.ts',
    from: '    let staged = await stage(this.#store, name, bytes)\n',
    to: `    const later = {
      put: async (key: string, body: AsyncIterable<Uint8Array>) => {
        const pieces: Uint8Array[] = []
        for await (const piece of body) pieces.push(piece)
        setImmediate(() => this.#store.put(key, concat(pieces)))
        return ok({})
      },
    }
    let staged = await stage(later, name, bytes)
`,
    tests: [CRASH],
  },
  {
    name: 'what is staged need not be durable',
    rule: '10 staging',
    file: 'src/log/staged-bodies.ts',
    from: '    let staged = await stage(this.#store, name, bytes)\n',
    to: '    let staged = await stage(this.#store, name, bytes, { durable: false })\n',
    tests: [CRASH],
  },
  {
    name: 'blobs are deleted before the compaction is recorded',
    rule: '11 first the floor, then the blobs',
    file: 'src/owner/owned-operation.ts',
    from: '    const compacted = await appendCompact(',
    to: `    const { collectBodies } = await import('./collect-bodies.ts')
    const base = { ...folded.base, kept: kept.value }
    const soon = { ...folded, base, head: { ...folded.head, base: folded.seq } }
    await collectBodies(log, soon)
    const compacted = await appendCompact(`,
    tests: [CRASH],
  },
  {
    name: 'what is staged for a number that is not taken is taken for garbage',
    rule: '10 a number that is not taken',
    file: 'src/owner/collect-bodies.ts',
    from: 'if (named === undefined ? record > fold : named.includes(name)) continue',
    to: 'if (named?.includes(name)) continue',
    tests: [DISPLACED],
  },
  {
    name: 'what a loser staged is never garbage',
    rule: '10 a number that is taken',
    file: 'src/owner/collect-bodies.ts',
    from: '    garbage.push(name)\n',
    to: '    if (kept.size > 0) garbage.push(name)\n',
    tests: [CRASH, FAULTS],
  },
  {
    name: 'what newer records name is taken for garbage',
    rule: '10 named by a live record',
    file: 'src/owner/collect-bodies.ts',
    from: 'const named = record > base ? await namedBy(log, record) : []',
    to: 'const named: string[] | undefined = []',
    tests: [DISPLACED, CRASH],
  },
  {
    name: 'what kept checkpoints name is taken for garbage',
    rule: '10 named by a live record',
    file: 'src/owner/collect-bodies.ts',
    from: '    for (const name of stagedNames(entry)) named.add(name)\n',
    to: '',
    tests: [CONTRACT],
  },
  {
    name: 'what folds name is taken for garbage',
    rule: '10 named by a live record',
    file: 'src/owner/collect-bodies.ts',
    from: 'for (const seq of [head.base, ...folds.value])',
    to: 'for (const seq of [head.base])',
    tests: [CONTRACT],
  },
  {
    name: 'the result of the operation is taken for garbage',
    rule: '10 named by a live record',
    file: 'src/owner/collect-bodies.ts',
    from: 'for (const seq of [head.base, ...folds.value])',
    to: 'for (const seq of folds.value)',
    tests: [CONTRACT],
  },
  {
    name: 'nothing is ever collected',
    rule: 'garbage is zero after a compaction',
    file: 'src/owner/trim.ts',
    from: 'const collected = await collectBodies(parts.log, standing)',
    to: 'const collected = { ok: true, value: parts.log !== undefined }',
    tests: [CONTRACT],
  },
  {
    name: 'a loser leaves what it staged',
    rule: '10 losers',
    file: 'src/owner/record-writer.ts',
    from: "if (appended.error.kind !== 'unknown') await discardStaged",
    to: "if (appended.error.kind === 'internal') await discardStaged",
    tests: [DISPLACED],
  },
  {
    name: 'what an unknown record may name is deleted',
    rule: '10 losers',
    file: 'src/owner/record-writer.ts',
    from: "if (appended.error.kind !== 'unknown') await discardStaged",
    to: 'await discardStaged',
    tests: [FAULTS],
  },
  {
    name: 'a lost answer of a blob fails the checkpoint',
    rule: 'lost answers are settled',
    file: 'src/log/staged-bodies.ts',
    from: "if (staged.ok || staged.error.code !== 'OUTCOME_UNKNOWN') break",
    to: 'if (tried > 0) break',
    tests: [FAULTS],
  },
  {
    name: 'what was given up while it was read is called damaged',
    rule: 'readers look again',
    file: 'src/owner/read-checkpoint.ts',
    from: 'if (isSure || standing === undefined || round >= MAX_ROUNDS) return found',
    to: 'if (isSure || standing === undefined || round >= 1) return found',
    tests: [CONTRACT],
  },
  {
    name: 'a record may name what was staged for a later one',
    rule: 'hostile records',
    file: 'src/record/decode-record.ts',
    from: 'if (record === undefined || record > seq) return undefined',
    to: 'if (record === undefined) return undefined',
    tests: [DAMAGE],
  },
  {
    name: 'a record may name anything in the store',
    rule: 'hostile records',
    file: 'src/record/staged-name.ts',
    from: '/^(?<record>[0-9]{16})-[0-9a-f]{16}$/',
    to: '/(?<record>[0-9]{16})-[0-9a-f]{16}/',
    tests: [DAMAGE],
  },
  {
    name: 'a damaged result runs again unasked',
    rule: 'damage is loud',
    file: 'src/steps/run-step.ts',
    from: "body.error.code === 'CORRUPTED' && run.onDamage({ seq, error: body.error })",
    to: "body.error.code === 'CORRUPTED'",
    tests: [DAMAGE],
  },
]
