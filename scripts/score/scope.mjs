// The commit and recovery files whose every mutant is judged, and why each is one; and the tests
// that judge them: quick and deterministic, on memory, on files and on the simulated disk. Real
// servers, kills and long proofs are not among them.

export const scope = {
  'core-log': {
    folder: 'packages/core',
    files: {
      'src/log/blob-commit-log.ts': 'append, latest, salvage and read: the protocol itself',
      'src/log/create-once.ts': 'the one create that decides who won, and its lost answers',
      'src/log/floor.ts': 'what a truncation gives up and keeps',
      'src/log/floors.ts': 'finding and raising the floor',
      'src/log/frame.ts': 'the bytes of a record, and what is believed of them',
      'src/log/last-existing.ts': 'how the newest record is found',
      'src/log/log-blobs.ts': 'what is read under a number, whole or damaged',
      'src/log/log-keys.ts': 'which name a number has',
      'src/log/log-record.ts': 'tips, and what damage is called',
      'src/log/read-records.ts': 'the walk over the records',
      'src/log/salvage.ts': 'stepping back over damage',
      'src/log/truncate.ts': 'the floor first, then the deletions',
    },
    tests: [
      'test/log-format.test.ts',
      'test/create-once.test.ts',
      'test/log-calls.test.ts',
      'test/log-faults.test.ts',
      'test/commit-log-contract.test.ts',
      'test/power-two-processes.test.ts',
    ],
  },
  'core-file': {
    folder: 'packages/core',
    files: {
      'src/file/publish.ts': 'the moment at which a put on files takes effect',
      'src/file/directories.ts': 'which directories are synced, and what a failed sync means',
      'src/file/write-temporary.ts': 'whole bytes, synced, before there is a name for them',
    },
    tests: ['test/file-calls.test.ts', 'test/file-faults.test.ts', 'test/crash-put.test.ts'],
  },
  'core-storage': {
    folder: 'packages/core',
    files: {
      'src/storage/publish-checkpoint.ts': 'the commit of a checkpoint, and its races',
      'src/storage/restage.ts': 'what becomes of staged bytes whose number was taken',
      'src/storage/staged.ts': 'what is verified before it is handed out',
      'src/storage/newest.ts': 'the newest state, damage stepped over',
      'src/storage/committed.ts': 'what was committed, and what is loaded',
    },
    tests: ['test/commit-steps.test.ts'],
  },
  wrappers: {
    folder: 'packages/wrappers',
    files: {
      'src/stack/seals.ts':
        'what is sealed with a commit, and checked before any of it is believed',
      'src/stack/piece-digests.ts': 'what is verified before it is handed out',
      'src/seal/keyed-seal.ts': 'the tag over a checkpoint',
      'src/sealed-index/verify-storage.ts': 'what was deleted or put back as a whole',
    },
    tests: ['test/seals.test.ts', 'test/sealed-index.test.ts', 'test/golden.test.ts'],
  },
  'mkvs-chunks': {
    folder: 'packages/mkvs-chunks',
    files: {
      'src/checkpoint/restorer.ts': 'which chunks are believed, and when a restore is complete',
      'src/db/multipart.ts': 'where a restore goes on after a crash, and what an abort removes',
    },
    tests: ['test/restore-steps.test.ts', 'test/checkpointer.test.ts'],
  },
  'log-persistence': {
    folder: 'packages/log-persistence',
    files: {
      'src/update.ts': 'read, revise, replace, and again after a defeat',
      'src/blob/blob-persistence.ts': 'the replacement on a medium, and what its loser hears',
      'src/blob/checkpoint-record.ts': 'the bytes of a record, and what is believed of them',
      'src/blob/instance.ts': 'which store this is, and where none may be made',
    },
    tests: ['test/blob-steps.test.ts'],
  },
  operation: {
    folder: 'packages/operation',
    files: {
      'src/owner/record-writer.ts': 'what goes into a record, and what its callers are told',
      'src/log/operation-log.ts': 'where an operation stands after a crash, damage stepped over',
    },
    tests: ['test/record-writer.test.ts', 'test/damage.test.ts'],
  },
  'stream-store': {
    folder: 'packages/stream-store',
    files: {
      'src/native/ledger.ts': 'the one place where a store changes',
      'src/native/recover-native.ts':
        'which checkpoint is restored, and what is said of the others',
    },
    tests: ['test/ledger.test.ts', 'test/recovery.test.ts'],
  },
}
