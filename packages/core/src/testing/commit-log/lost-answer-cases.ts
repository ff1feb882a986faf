import { recordKey } from '../../log/log-keys.ts'
import { detail, fails, same, succeeds } from '../check.ts'
import { FaultyBlobStore, type BlobCall, type Fault } from '../faulty-blob-store.ts'
import {
  fill,
  frameOf,
  numberIn,
  payloadOf,
  PREFIX,
  type CommitLogCase,
  type LogWorld,
} from './commit-log-case.ts'

/** A log whose next puts go wrong in this order, and then no more. */
function logWithFaults({ store, handle }: LogWorld, faults: readonly Fault[]) {
  const left = [...faults]
  const plan = ({ operation }: BlobCall) => (operation === 'put' ? left.shift() : undefined)
  const faulty = new FaultyBlobStore(store, { plan })
  return { log: handle(faulty), faulty }
}

/** Answers that are lost before or after the effect. */
export const lostAnswerCases: readonly CommitLogCase[] = [
  {
    name: 'a create whose answer was lost is settled: it was ours',
    run: async (world) => {
      for (const faults of [
        ['lost'],
        ['dropped'],
        ['lost', 'lost'],
        ['dropped', 'lost'],
      ] as const) {
        const { log } = logWithFaults(world, faults)
        const before = await succeeds(log.latest(), 'latest')
        const seq = (before?.seq ?? 0) + 1
        const appended = await succeeds(log.append(before, payloadOf(seq)), faults.join())
        same(appended.seq, seq, 'number')
        same(await succeeds(world.handle().latest(), 'latest'), appended, 'latest')
      }
    },
  },
  {
    name: 'a create whose answer was lost is settled: somebody else was first',
    run: async (world) => {
      const first = await fill(world.handle(), 1)
      await fill(world.handle(), 2)
      for (const fault of ['lost', 'dropped'] as const) {
        const { log } = logWithFaults(world, [fault])
        await fails(log.append(first, payloadOf(9)), 'CONFLICT', fault)
      }
      same(numberIn(await succeeds(world.handle().latest(), 'latest')), 2, 'newest')
    },
  },
  {
    name: 'without any answer it is OUTCOME_UNKNOWN, and another append finds out',
    run: async (world) => {
      const first = await fill(world.handle(), 1)
      const never = Array.from({ length: 20 }, () => 'dropped' as const)
      const dropped = logWithFaults(world, never).log
      const error = await fails(dropped.append(first, payloadOf(2)), 'OUTCOME_UNKNOWN', 'append')
      same(detail(error, 'reason'), 'no-answer', 'reason')
      same(detail(error, 'seq'), 2, 'seq')
      same(await succeeds(world.handle().latest(), 'latest'), first, 'nothing was written')
      const lost = logWithFaults(world, ['lost', ...never]).log
      await fails(lost.append(first, payloadOf(2)), 'OUTCOME_UNKNOWN', 'append')
      same(numberIn(await succeeds(world.handle().latest(), 'latest')), 2, 'it was written')
    },
  },
  {
    name: 'a write that lands after its caller gave up takes the number, once',
    run: async (world) => {
      const first = await fill(world.handle(), 1)
      const late = Array.from({ length: 20 }, () => 'late' as const)
      const { log, faulty } = logWithFaults(world, late)
      await fails(log.append(first, payloadOf(2)), 'OUTCOME_UNKNOWN', 'append')
      const winner = await succeeds(world.handle().append(first, payloadOf(3)), 'append')
      await faulty.releaseLate()
      same(await succeeds(world.handle().latest(), 'latest'), winner, 'latest')
      same(await succeeds(log.latest(), 'latest'), winner, 'latest of the late one')
    },
  },
  {
    name: 'a late copy below the floor does not read as a success',
    run: async (world) => {
      const first = await fill(world.handle(), 1)
      const { log, faulty } = logWithFaults(world, ['late', 'dropped', 'dropped', 'dropped'])
      await fails(log.append(first, payloadOf(2)), 'OUTCOME_UNKNOWN', 'append')
      await fill(world.handle(), 10)
      await succeeds(world.handle().truncate(9, { force: true }), 'truncate')
      await faulty.releaseLate()
      const again = await fails(
        log.append(first, payloadOf(2)),
        ['OUTCOME_UNKNOWN', 'CONFLICT'],
        '',
      )
      same(detail(again, 'seq'), 2, 'seq')
      same(await succeeds(world.handle().read(2), 'read'), undefined, 'the void record')
      same((await succeeds(world.handle().latest(), 'latest'))?.seq, 10, 'newest')
    },
  },
  {
    name: 'a record whose answer was lost, and that was superseded meanwhile, is unknown',
    run: async (world) => {
      const first = await fill(world.handle(), 1)
      let raced = false
      const faults: Fault[] = ['lost']
      const plan = ({ operation }: BlobCall) => (operation === 'put' ? faults.shift() : undefined)
      const gate = async ({ operation, key }: BlobCall) => {
        if (operation !== 'get' || key !== recordKey(PREFIX, 2) || raced) return
        raced = true
        await fill(world.handle(), 10)
        await succeeds(world.handle().truncate(9, { force: true }), 'truncate')
        await succeeds(world.store.put(recordKey(PREFIX, 2), frameOf(2)), 'planting')
      }
      const log = world.handle(new FaultyBlobStore(world.store, { plan, gate }))
      const error = await fails(log.append(first, payloadOf(2)), 'OUTCOME_UNKNOWN', 'append')
      same([raced, detail(error, 'reason')], [true, 'superseded'], 'reason')
    },
  },
  {
    name: 'a floor whose answer was lost is settled like a record',
    run: async (world) => {
      await fill(world.handle(), 10)
      for (const [fault, before] of [
        ['lost', 5],
        ['dropped', 9],
      ] as const) {
        const { log } = logWithFaults(world, [fault])
        const report = await succeeds(log.truncate(before, { force: true }), fault)
        same(report.before, before, 'before')
      }
      same((await succeeds(world.handle().read(9), 'read'))?.seq, 9, 'record 9')
      same(await succeeds(world.handle().read(8), 'read'), undefined, 'record 8')
    },
  },
]
